"""Sign in with Plex, from the page: nothing of it is kept, and the token goes into the one reply only."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from plex.device_identity import configure_plex_device_identity
from plex.exceptions import PlexError
from plex.sign_in import LIFETIME, Server, SignedIn, SignIn, in_words, is_expired
from worker.errors import TaskError
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.task import Task
from worker.version import VERSION


def start(task: Task) -> dict[str, Any]:
    """Have plex.tv make a code. Raises TaskError where it cannot be asked."""
    try:
        started = _sign_in(task).start()
    except PlexError as error:
        # From none: what the session says of it may hold addresses that are nobody's business.
        raise TaskError(in_words(error)) from None
    expires_at = time.time() + LIFETIME
    return {"format": FORMAT, "id": started.id, "code": started.code, "url": started.url, "expires_at": expires_at}


def check(task: Task) -> dict[str, Any]:
    """Whether the code is confirmed, and then the account's servers. Raises ArgumentError."""
    login_id = arguments.whole_number(task.args, "id")
    code = arguments.text(task.args, "code")
    if login_id is None or not code:
        name, example = ("id", "1") if login_id is None else ("code", '"abc"')
        raise arguments.missing("login_check", name, example, "login_start gives id and code, and both are needed.")
    try:
        signed_in = _sign_in(task).check(login_id, code)
    except PlexError as error:
        state, problem = ("expired", "") if is_expired(error) else ("waiting", in_words(error))
        return _answer(state, problem, SignedIn("", ()))
    if signed_in is None:
        return _answer("waiting", "", SignedIn("", ()))
    return _answer("signed_in", "", signed_in)


def _sign_in(task: Task) -> SignIn:
    identity = configure_plex_device_identity(task.folder.root)
    return SignIn(replace(identity, version=VERSION))


def _answer(state: str, problem: str, signed_in: SignedIn) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "state": state,
        "problem": problem,
        "account": signed_in.account,
        "servers": list(map(_server, signed_in.servers)),
    }


def _server(server: Server) -> dict[str, Any]:
    best = server.addresses[0] if server.addresses else None
    return {
        "name": server.name,
        "version": server.version,
        "chosen": best.url if best and best.is_reachable else None,
        "token": server.token.get_secret_value(),
        "addresses": [
            {
                "url": each.url,
                "is_local": each.is_local,
                "is_relay": each.is_relay,
                "reachable": each.is_reachable,
                "problem": each.problem,
            }
            for each in server.addresses
        ],
    }
