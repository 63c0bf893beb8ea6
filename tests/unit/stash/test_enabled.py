"""Whether PlexSync is enabled, asked without any package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.enabled import PlainStash
from stash.exceptions import StashUnauthorized, StashUnavailable
from tests.simulators.faults import status
from tests.simulators.stash import StashSimulator
from tests.world import install_plugin


@pytest.fixture
def stash(tmp_path: Path) -> Iterator[StashSimulator]:
    install_plugin(tmp_path)
    with StashSimulator(tmp_path) as started:
        yield started


def ask(stash: StashSimulator, **connection: Any) -> bool:
    return PlainStash({**stash.server_connection(), **connection}, lambda: None).is_plugin_enabled()


def test_it_is_enabled_until_somebody_disables_it(stash: StashSimulator) -> None:
    assert ask(stash)
    stash.disable_plugin("PlexSync")
    assert not ask(stash)


def test_the_lent_session_or_a_key_lets_it_in(stash: StashSimulator) -> None:
    stash.password, stash.api_key = True, "a-key"
    assert ask(stash)
    assert ask(stash, SessionCookie=None, ApiKey="a-key")


def test_the_newest_session_comes_first(stash: StashSimulator) -> None:
    stash.password = True
    stale = stash.server_connection()
    stash.expire_sessions()
    fresh = stash.server_connection()["SessionCookie"]
    assert PlainStash(stale, lambda: fresh).is_plugin_enabled()
    with pytest.raises(StashUnauthorized):
        PlainStash(stale, lambda: None).is_plugin_enabled()


@pytest.mark.parametrize("cookie", [None, {"Name": "session", "Value": "line\nbreak"}])
def test_without_a_login_it_says_so(stash: StashSimulator, cookie: dict[str, str] | None) -> None:
    stash.password = True
    with pytest.raises(StashUnavailable) as raised:
        ask(stash, SessionCookie=cookie)
    assert raised.value.__context__ is None
    assert "break" not in str(raised.value)


def test_a_stash_that_does_not_answer_is_unavailable(stash: StashSimulator) -> None:
    stash.inject(status(500), prefix="/graphql")
    with pytest.raises(StashUnavailable):
        ask(stash)
    stash.refuse()
    with pytest.raises(StashUnavailable):
        ask(stash)
