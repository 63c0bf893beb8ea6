"""Sessions of a simulated Stash: signed cookies that expire, and an API key that does not.

As in Stash, nothing is kept on the server's side: a cookie says whose it is, when it was made and which plugin
hooks have led to it (so that a plugin whose hook saves the scene cannot call itself for ever).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from http.cookies import CookieError, SimpleCookie
from typing import Any

COOKIE_NAME = "session"
MAX_AGE_SECONDS = 3600  # config.DefaultMaxSessionAge of Stash v0.30
SAME_SITE_LAX = 2  # Go's net/http

VisitedHooks = tuple[tuple[str, str], ...]  # (plugin id, type of hook), oldest first


@dataclass(frozen=True)
class Session:
    """What a valid cookie says. `user` is empty for a Stash without a password."""

    user: str
    visited: VisitedHooks = ()


class SessionStore:
    """Makes and reads session cookies.

    Args:
        clock: the time in seconds since the epoch.
        max_age: for how many seconds a cookie is valid; assign another at run time (Stash's max_session_age).

    Attributes:
        renew_on_use: whether a use of a cookie makes that cookie valid anew. Without it only the Set-Cookie of each
            reply does, so that who keeps sending their first cookie is turned away in the end.
    """

    def __init__(self, clock: Callable[[], float], max_age: int = MAX_AGE_SECONDS) -> None:
        self.max_age = max_age
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self.renew_on_use = False
        self._last_use: dict[str, float] = {}

    def make(self, session: Session) -> str:
        """Return the value of a new cookie."""
        content = json.dumps([self._clock(), session.user, session.visited]).encode()
        return base64.urlsafe_b64encode(content).decode().rstrip("=") + "." + self._sign(content)

    def read(self, cookie_header: str) -> Session | None:
        """Return the session of a Cookie header; None where there is none, or it is forged, or has expired."""
        try:
            morsel = SimpleCookie(cookie_header).get(COOKIE_NAME)
        except CookieError:
            return None
        if morsel is None:
            return None
        encoded, _, signature = morsel.value.partition(".")
        try:
            content = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError:
            return None
        if not hmac.compare_digest(signature, self._sign(content)):
            return None
        made_at, user, visited = json.loads(content)
        now = self._clock()
        if now - self._last_use.get(signature, made_at) > self.max_age:
            return None
        if self.renew_on_use:
            self._last_use[signature] = now
        return Session(user, tuple((plugin_id, hook_type) for plugin_id, hook_type in visited))

    def expire_all(self) -> None:
        """Make every cookie given out so far invalid."""
        self._key = secrets.token_bytes(32)

    def set_cookie_header(self, session: Session) -> str:
        """Return the Set-Cookie header with which every reply renews its caller's session."""
        return f"{COOKIE_NAME}={self.make(session)}; Path=/; Max-Age={self.max_age}; SameSite=Lax"

    def plugin_cookie(self, session: Session) -> Mapping[str, Any]:
        """Return a cookie as plugins get it: the JSON form of Go's http.Cookie."""
        expires = datetime.fromtimestamp(int(self._clock()) + self.max_age, timezone.utc)
        return {
            "Name": COOKIE_NAME,
            "Value": self.make(session),
            "Quoted": False,
            "Path": "/",
            "Domain": "",
            "Expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RawExpires": "",
            "MaxAge": self.max_age,
            "Secure": False,
            "HttpOnly": False,
            "SameSite": SAME_SITE_LAX,
            "Partitioned": False,
            "Raw": "",
            "Unparsed": None,
        }

    def _sign(self, content: bytes) -> str:
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()
