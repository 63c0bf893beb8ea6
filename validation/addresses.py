"""Addresses that people type: what they may be, and how a wrong one is shown without what may be secret in it."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

HIDDEN = "…"
_WEB_PAGE = re.compile(r"/web(/index\.html)?/?(#.*)?$", re.IGNORECASE)
"""What the browser's address bar shows behind Plex's address."""
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
"""A JSON Web Token, which Stash's API keys are (RFC 7519; {" in base64 begins with eyJ)."""


def check_plex_url(text: str) -> str:
    """The address of a Plex as requests want it. Raises ValueError with the reason why it is none."""
    text = _WEB_PAGE.sub("", text)
    address = _web_address(text)
    if "@" in address.netloc:
        raise ValueError("Plex takes no user name, only the token")
    if "?" in text or "#" in text:
        raise ValueError("remove everything from the ? or # on")
    return _whole(address)


def check_photos_url(text: str) -> str:
    """The address at which Plex finds Stash's pictures, "" for none. Raises ValueError with the reason why it is none.

    It is stored in Plex, where every user can read it: so it must not hold what lets somebody in.
    """
    if not text:
        return ""
    address = _web_address(text)
    if "@" in address.netloc or "?" in text or "#" in text or "apikey" in text.lower() or _JWT.search(unquote(text)):
        raise ValueError("an address with a password or an API key could be read by every user of Plex")
    return _whole(address)


def without_secrets(text: str) -> str:
    """Without user name, password, query and API key; and nothing at all where it may be a token in the wrong place."""
    if not re.search(r"[.:/]", text):
        return HIDDEN
    if _JWT.search(unquote(text)) and not _JWT.search(text):
        return HIDDEN
    text = _JWT.sub(HIDDEN, text)
    return re.sub(r"[?#].*|apikey.*|(?<=//)[^/?#]*(?=@)", HIDDEN, text, flags=re.DOTALL | re.IGNORECASE)


def _web_address(text: str) -> SplitResult:
    address = urlsplit(text)  # raises ValueError by itself for a broken IPv6 address
    if address.scheme not in ("http", "https") or not address.hostname or re.search(r"\s", text):
        raise ValueError("not a web address")
    if address.hostname in ("http", "https"):
        raise ValueError(f'"{address.hostname}" is there twice')
    if not _has_valid_port(address):
        raise ValueError("the port must be a number from 1 to 65535")
    return address


def _has_valid_port(address: SplitResult) -> bool:
    try:
        return address.port != 0
    except ValueError:  # how urllib tells of a port that is over 65535 or no number
        return False


def _whole(address: SplitResult) -> str:
    return f"{address.scheme}://{address.netloc}{address.path}".rstrip("/")
