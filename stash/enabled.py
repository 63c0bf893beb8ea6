"""Is PlexSync enabled in Stash? Asked by Python's own means, for whoever waits for the packages that PlexSync needs."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from stash.address import base_url, is_loopback
from stash.exceptions import StashUnauthorized, StashUnavailable

PLUGIN_ID = "PlexSync"
"""The name of the plugin's yml, under which Stash keeps its settings."""
PLUGINS_QUERY = "query Plugins { plugins { id enabled } }"
TIMEOUT = 5.0
"""Seconds that each step of the question may take. Chosen: nothing waits for the answer."""


def is_enabled_among(plugins: Iterable[Mapping[str, Any]] | None) -> bool:
    """Whether PlexSync is one of the plugins that PLUGINS_QUERY found, and enabled."""
    return any(plugin["id"] == PLUGIN_ID and plugin["enabled"] for plugin in plugins or ())


class PlainStash:
    """The one question. Stash's cookie is the newest that `newest_session` has, or the one of `server_connection`."""

    def __init__(
        self, server_connection: Mapping[str, Any], newest_session: Callable[[], Mapping[str, Any] | None]
    ) -> None:
        self._connection = server_connection
        self._newest_session = newest_session
        self._url = base_url(server_connection)

    def is_plugin_enabled(self) -> bool:
        """As StashClient's. Raises StashUnavailable, StashUnauthorized where Stash wants a login."""
        try:
            status, body = self._ask()
            if status == HTTPStatus.UNAUTHORIZED or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
                raise StashUnauthorized(self._url)
            return is_enabled_among(json.loads(body)["data"]["plugins"])
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
            reason = type(error).__name__  # its text may name what was sent
        raise StashUnavailable(f"Stash at {self._url} does not say whether PlexSync is enabled ({reason})")

    def _ask(self) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", **self._login()}
        connection = self._open()
        try:
            connection.request("POST", "/graphql", json.dumps({"query": PLUGINS_QUERY}), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _open(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        host = parts.hostname or ""
        if parts.scheme != "https":
            return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)
        context = ssl.create_default_context()
        if is_loopback(host):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=context)

    def _login(self) -> dict[str, str]:
        key = self._connection.get("ApiKey")
        if key:
            return {"ApiKey": key}
        cookie = self._newest_session() or self._connection.get("SessionCookie")
        return {"Cookie": f"{cookie.get('Name') or 'session'}={cookie['Value']}"} if cookie else {}
