"""Signing in with Plex: a code that a person confirms at plex.tv, then the servers that the account owns.

Asked in several processes, so nothing is kept here: id and code travel with the caller. The pin is python-plexapi's
MyPlexPinLogin in its OAuth form; what follows is read by ourselves, as two attributes of plex.tv's reply are all that
is needed (python-plexapi 4.18, myplex.py: PINS, MyPlexAccount.key, MyPlexResource.key).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, ParseError

from plexapi.exceptions import PlexApiException
from plexapi.myplex import MyPlexPinLogin
from pydantic import SecretStr

from plex.device_identity import DeviceIdentity
from plex.exceptions import PlexAuthError, PlexError, PlexNotFound, PlexServerDown, PlexTemporaryError
from plex.health import check_identity
from plex.reply import TooManyElements, parse
from plex.session import PlexSession

PLEX_TV = "https://plex.tv"
ADDRESS_VARIABLE = "PLEXSYNC_PLEX_TV"
"""Environment variable by which tests put another server in the place of PLEX_TV."""
LIFETIME = 900.0
"""Seconds for which the page waits for a person to confirm (docs/operations.md); plex.tv keeps a code longer."""
TIMEOUTS = (5.0, 15.0)
"""Seconds to connect, and between two bytes."""
ADDRESS_TIMEOUT = 3.0
"""Seconds for which one address of a server is tried. Chosen: the ten that a server may have are tried at once."""
AT_ONCE = 8
"""Addresses that are tried at once."""


@dataclass(frozen=True)
class Started:
    """A login that waits for a person to confirm `code` at `url`."""

    id: int
    code: str
    url: str


@dataclass(frozen=True)
class Address:
    """Where a server may be reached; `problem` says why it is not, "" where it is."""

    url: str
    is_local: bool
    is_relay: bool
    problem: str = ""

    @property
    def is_reachable(self) -> bool:
        """Whether the server itself answers there."""
        return not self.problem


@dataclass(frozen=True)
class Server:
    """A server that the account owns, with the addresses that plex.tv knows, the best one first."""

    name: str
    version: str
    token: SecretStr
    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class SignedIn:
    """Whose account it is, and its servers."""

    account: str
    servers: tuple[Server, ...]


class SignIn:
    """Talks to plex.tv, or to who stands in for it at `address`. No text of it holds a token."""

    def __init__(self, identity: DeviceIdentity, address: str | None = None) -> None:
        self._identity = identity
        self._address = (address or os.environ.get(ADDRESS_VARIABLE) or PLEX_TV).rstrip("/")
        # It would log the address of each request, and with it the login's number.
        logging.getLogger("plexapi").setLevel(logging.WARNING)

    def start(self) -> Started:
        """Have plex.tv make a code. Raises PlexError."""
        with self._session() as session:
            login = self._pin_login(session)
            try:
                url = login.oauthUrl()
            except (PlexApiException, ParseError, AttributeError, TypeError) as error:
                raise _malformed() from error
        if not login._id or not login._code:
            raise _malformed()
        return Started(int(login._id), str(login._code), url)

    def check(self, login_id: int, code: str) -> SignedIn | None:
        """Who has confirmed the code, None while nobody has. Raises PlexError; PlexNotFound where it has expired."""
        with self._session() as session:
            login = self._pin_login(session)
            login._id, login._code = str(login_id), code
            try:
                is_confirmed = login._checkLogin()  # checkLogin takes every error for "expired"
            except (PlexApiException, ParseError) as error:
                raise _malformed() from error
        if not is_confirmed:
            return None
        token = SecretStr(login.token)
        with self._session(token) as session:
            account = self._read(session, "/api/v2/user")
            resources = self._read(session, "/api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1")
        servers = tuple(_server(each, token) for each in resources.iter("resource") if _is_own_server(each))
        return SignedIn(account.get("username") or account.get("title") or "", servers)

    def _pin_login(self, session: PlexSession) -> MyPlexPinLogin:
        login = MyPlexPinLogin(session=session, requestTimeout=TIMEOUTS, headers=self._identity.headers(), oauth=True)
        login.PINS = f"{self._address}/api/v2/pins"
        return login

    def _session(self, token: SecretStr | None = None) -> PlexSession:
        headers = self._identity.headers()
        return PlexSession(self._address, token, timeouts=TIMEOUTS, identity_headers=headers)

    def _read(self, session: PlexSession, path: str) -> Element:
        try:
            found = parse(session.get(f"{self._address}{path}", headers={"Accept": "application/xml"}).content)
        except (ParseError, TooManyElements) as error:
            raise _malformed() from error
        if found is None:
            raise _malformed()
        return found


def in_words(error: PlexError) -> str:
    """What is wrong at plex.tv, for a person; the session's own words are about a server of theirs."""
    if isinstance(error, PlexServerDown):
        return "plex.tv cannot be reached from Stash's machine. Check its network, then try again."
    if isinstance(error, PlexAuthError):
        return "plex.tv takes no request of PlexSync now. Try again in a minute."
    return "plex.tv does not answer as it should. Try again in a minute."


def _malformed() -> PlexTemporaryError:
    return PlexTemporaryError("malformed reply: plex.tv sent something else than it should")


def is_expired(error: PlexError) -> bool:
    """Whether an error of `check` says that the code has expired."""
    return isinstance(error, PlexNotFound)


def _is_own_server(resource: Element) -> bool:
    return "server" in (resource.get("provides") or "").split(",") and resource.get("owned") in ("1", "true")


def _server(resource: Element, token: SecretStr) -> Server:
    own = resource.get("accessToken")
    addresses = _tried(_addresses(resource), resource.get("clientIdentifier") or "")
    return Server(
        name=resource.get("name") or "",
        version=(resource.get("productVersion") or "").partition("-")[0],
        token=SecretStr(own) if own else token,
        addresses=tuple(sorted(addresses, key=_rank)),
    )


def _addresses(resource: Element) -> list[Address]:
    """Those that plex.tv names, and of local ones the plain one, too, as its name may not be resolved at home."""
    found: dict[str, Address] = {}
    for connection in resource.iter("connection"):
        is_local, is_relay = (connection.get(name) in ("1", "true") for name in ("local", "relay"))
        host, port = connection.get("address") or "", connection.get("port") or ""
        plain = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        urls = [connection.get("uri") or ""] + ([plain] if is_local and host and port else [])
        for url in filter(None, urls):
            found.setdefault(url, Address(url, is_local, is_relay))
    return list(found.values())


def _tried(addresses: Sequence[Address], machine_identifier: str) -> list[Address]:
    if not addresses:
        return []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = pool.map(lambda each: _problem(each.url, machine_identifier), addresses)
        return [replace(each, problem=problem) for each, problem in zip(addresses, problems, strict=True)]


def _problem(url: str, machine_identifier: str) -> str:
    """Why the server is not reached at this address, "" where it is."""
    health = check_identity(url, timeout=ADDRESS_TIMEOUT, verify=True)
    if health.up and health.machine_identifier == machine_identifier:
        return ""
    return "another server answers there" if health.machine_identifier else "no answer from where Stash runs"


def _rank(address: Address) -> tuple[bool, bool, bool, bool]:
    """The lowest is best: reachable, without Plex's relay, in the own network, and encrypted."""
    is_plain = not address.url.startswith("https:")
    return not address.is_reachable, address.is_relay, not address.is_local, is_plain
