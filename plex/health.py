"""Is Plex there, and does it know us?"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from plex.exceptions import PlexAuthError, PlexError, PlexNotFound, PlexPermanentError
from plex.reply import TooManyElements, parse
from plex.session import PlexSession


@dataclass(frozen=True)
class Health:
    """What a look at Plex gave; `version` and `machine_identifier` are "" where they are not known.

    `detail` is a sentence for people.
    """

    up: bool
    version: str
    detail: str
    machine_identifier: str = ""


def check_identity(url: str, *, timeout: float, verify: bool) -> Health:
    """Ask /identity, for which Plex needs no token. Never raises PlexError.

    timeout: seconds, for connecting and for the reply each; the setting connect_timeout. verify: whether the
    certificate must be valid.
    """
    timeouts = (timeout, timeout)
    with PlexSession(url, timeouts=timeouts, patience_setting="connect_timeout", verify_tls=verify) as session:
        try:
            body = session.get(f"{url}/identity").content
        except PlexAuthError as error:  # a proxy asks here, not Plex: what it lets through, a real request shows
            return Health(True, "", f"{session.place} answers, but not to everybody ({error.status})")
        except (PlexNotFound, PlexPermanentError) as error:  # Plex itself always has this page
            return Health(False, "", _foreign(url, f"answer ({error.status})"))
        except PlexError as error:
            return Health(False, "", str(error))
        return _identified(url, body)


def _identified(url: str, body: bytes) -> Health:
    try:
        identity = parse(body)
    except (ParseError, TooManyElements):
        identity = None
    identifier = "" if identity is None else identity.get("machineIdentifier", "")
    if identity is None or not identifier:
        return Health(False, "", _foreign(url, "answer"))
    version = identity.get("version", "")
    return Health(True, version, f"Plex at {url} is up (version {version or 'unknown'})", identifier)


def _foreign(url: str, answer: str) -> str:
    wants_https = "" if url.startswith("https:") else ", and does it begin with https if Plex wants that"
    return f"Plex at {url} is not Plex, judging by its {answer}. Is plex_url right{wants_https}?"
