"""Where Stash listens, as its plugins reach it. Standard library only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

DEFAULT_PORT = 9999
"""Where Stash listens unless it is told otherwise (Stash v0.30)."""

_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- replaced, never listened on


def base_url(server_connection: Mapping[str, Any]) -> str:
    """Stash's own address, without a trailing slash.

    `server_connection` is what Stash hands to a plugin (Stash v0.30, `StashServerConnection`): its `Host` is the
    address that Stash listens on, so where that is "every address", it is this machine's loopback.
    """
    host = str(server_connection.get("Host") or "").strip("[]")
    host = _ANY_ADDRESS.get(host, host)
    scheme = server_connection.get("Scheme") or "http"
    port = server_connection.get("Port") or DEFAULT_PORT
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, for which nobody issues certificates."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False
