"""Which proxy a request goes through, as the environment says; none to a private address, which it could not reach."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

_NEAR = (".local", ".lan", ".home", ".home.arpa", ".internal", ".intranet", ".localdomain", ".localhost")
"""Ends of names that no public resolver knows (RFC 6762, RFC 8375, and what routers give out)."""


def proxy_for(url: str) -> str:
    """The proxy that the environment names for this address, without its password; "" where none is to be used.

    May resolve the host's name, but only where there is a proxy.
    """
    host = host_of(url)
    proxy = select_proxy(url, get_environ_proxies(url, no_proxy=None)) if host else None
    if not proxy or is_private(host):
        return ""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def host_of(url: str) -> str:
    """The host of an address, "" where it is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_private(host: str) -> bool:
    """Whether the host is in a network of one's own: loopback, private (RFC 1918, 4193), link-local, or shared
    (RFC 6598, which VPNs use)."""
    literal = _private_address(host)
    if literal is not None:
        return literal
    if "." not in host or host.lower().endswith(_NEAR):
        return True
    embedded = _private_address(host.partition(".")[0].replace("-", "."))  # 192-168-1-5.….plex.direct
    if embedded is not None and host.lower().endswith(".plex.direct"):
        return embedded
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return all(_private_address(address) for address in found)


def _private_address(text: str) -> bool | None:
    try:
        return not ipaddress.ip_address(text.partition("%")[0]).is_global
    except ValueError:
        return None
