"""The one edge between us and Plex: every request goes through here, and every failure leaves as one of ours."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import requests
import urllib3
from pydantic import SecretStr
from requests import exceptions as failures
from urllib3 import exceptions as causes

from network.causes import causes_of
from network.deadline import Deadline, DeadlineAdapter, DeadlineExceeded, seconds_for
from network.proxies import host_of, proxy_for
from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
)
from plex.reply import TooManyElements, parse

MAX_REPLY_BYTES = 64 * 1024 * 1024
SUCCESS = (200, 201, 204)  # all that python-plexapi 4.18 accepts, server.py
REJECTED = (401, 498)
"""Plex rejects the token; 498 is what plex.tv says of one that has gone bad (developer.plex.tv, authentication)."""
UNPROCESSABLE = 422
"""The other status that plex.tv has for such a token; of a write it may as well mean what was to be written."""
PROXY_LOGIN = 407
PASSING = (408, 425, 429)
"""A later try of the same request may go through (RFC 9110, 8470, 6585)."""
UNREACHED = (502, 504, *range(520, 531))
"""A proxy does not reach Plex; 520 to 530 are Cloudflare's."""

_CHUNK_BYTES = 64 * 1024
_WHAT_TO_DO = "Set plex_token under Settings > Plugins > PlexSync"
_PROXY_ADVICE = "Set HTTP_PROXY and HTTPS_PROXY right for Stash, or name Plex's host in NO_PROXY"
_PLAIN_REPLY = re.compile("wrong.version.number|unknown.protocol|record.layer.failure", re.IGNORECASE)
"""How OpenSSL words an answer that is no TLS (1.1.1 to 3.3, older, from 3.4 on); a Python that has no name for it, in
`SSLError.reason`, has it in its text."""
_WENT_AWAY = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)  # http.client.RemoteDisconnected is one


class PlexSession(requests.Session):
    """A requests session to one Plex server that raises nothing but PlexError.

    base_url: the server's address, for the texts.
    token: sent as a header, never within a URL; None for requests that need none.
    timeouts: seconds to connect and seconds between two bytes of a reply, unless a request brings its own.
    patience_setting: the setting that the second of these comes from, for the texts.
    identity_headers: what tells Plex who we are.
    clock: seconds, for the deadline that each request has as a whole (network.deadline).
    before_request: called before each request; what it raises, raises `request`, and nothing goes out.
    """

    def __init__(
        self,
        base_url: str,
        token: SecretStr | None = None,
        *,
        timeouts: tuple[float, float] = (5.0, 30.0),
        patience_setting: str = "read_timeout",
        verify_tls: bool = True,
        identity_headers: dict[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        before_request: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.mount("http://", DeadlineAdapter())
        self.mount("https://", DeadlineAdapter())
        self.auth = _without_login  # else requests sends what a .netrc has for the host, or for all hosts
        self._base_url = base_url
        self.verify = verify_tls
        self._token = token
        self._clock = clock
        self._timeouts = timeouts
        self._patience_setting = patience_setting
        self._is_plain = base_url.startswith("http:")
        self._identity_headers = identity_headers or {}
        self._before_request = before_request
        if not verify_tls:  # the user's own choice: urllib3 need not warn at each request
            urllib3.disable_warnings(causes.InsecureRequestWarning)

    @cached_property
    def _proxy(self) -> str:
        return proxy_for(self._base_url)

    @property
    def place(self) -> str:
        """Which Plex it is, and by which proxy it is asked, for the texts."""
        return f"Plex at {self._base_url}" + (f" (through the proxy {self._proxy})" if self._proxy else "")

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request and read the whole reply.

        Beside those of requests, `expected_bytes` is how long a reply may be that needs its time, in bytes: a picture.
        Raises PlexServerDown, PlexTemporaryError, PlexAuthError, PlexNotFound or PlexPermanentError; what returns has a
        status of SUCCESS and at most MAX_REPLY_BYTES.
        """
        if self._before_request is not None:
            self._before_request()
        verb, address = _text(method), _text(url)
        kwargs["headers"] = self._with_our_headers(kwargs.get("headers"))
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeouts
        silence = _silence_of(kwargs["timeout"])
        size = len(kwargs.get("data") or b"") + kwargs.pop("expected_bytes", 0)
        deadline = Deadline(seconds_for(silence, size), silence, self._clock)
        kwargs.setdefault("verify", self.verify)  # else an environment's CA bundle would switch verifying on again
        if not self._proxy:  # what the environment says otherwise would be asked for an address that only we can reach
            kwargs["proxies"] = {"no_proxy": host_of(self._base_url)}
        kwargs["allow_redirects"] = False  # the token must not follow to another host
        kwargs["stream"] = True
        try:
            with deadline.in_force():
                response = self._send_repeatably(verb, address, args, kwargs)
        except (OSError, UnicodeError, causes.HTTPError) as error:  # every requests exception is an OSError
            raise _asked_by(self._translated(error, kwargs["timeout"]), verb) from error
        if response.status_code not in SUCCESS:
            raise _asked_by(self._refusal(response, verb, urlsplit(address).path), verb)
        return response

    def _with_our_headers(self, headers: Any) -> dict[str, str]:
        """Ours win: plexapi sends defaults, and would take a token from its own configuration."""
        ours = dict(self._identity_headers)
        if self._token is not None:
            ours["X-Plex-Token"] = self._token.get_secret_value()
        return {**(headers or {}), **ours}

    def _send_repeatably(self, method: str, url: str, args: Any, kwargs: dict[str, Any]) -> requests.Response:
        """Plex closes idle connections; to find that out while asking is no outage, so a second connection may try."""
        try:
            return self._send(method, url, args, kwargs)
        except failures.ConnectionError as error:
            # What changes something may have arrived: only a comparison can tell, and the next sync makes one.
            if method != "GET" or not any(isinstance(each, _WENT_AWAY) for each in causes_of(error)):
                raise
        return self._send(method, url, args, kwargs)

    def _send(self, method: str, url: str, args: Any, kwargs: dict[str, Any]) -> requests.Response:
        with super().request(method, url, *args, **kwargs) as response:
            response._content = self._bounded_body(response)  # where requests itself keeps what it has read
            response.encoding = "utf-8"  # Plex's; without a charset requests would take text/xml for Latin-1
            return response

    def _bounded_body(self, response: requests.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise PlexTemporaryError(
                    f"{self.place} sent a malformed reply of over {MAX_REPLY_BYTES // 1024**2} MiB",
                    response.status_code,
                )
        return bytes(body)

    def _translated(self, error: Exception, timeouts: Any) -> PlexError:
        """What a request that got no whole reply means."""
        found = tuple(causes_of(error))
        connect = timeouts[0] if isinstance(timeouts, tuple) else timeouts
        read = _silence_of(timeouts)
        if _caused_by(found, DeadlineExceeded):
            return PlexTemporaryError(self._slowness(read), suspect_outage=True)
        unreached = self._unreached(found, connect)
        if unreached:
            return PlexServerDown(unreached)
        if _caused_by(found, failures.ReadTimeout, causes.ReadTimeoutError):
            return PlexTemporaryError(self._silence(read), suspect_outage=True)
        if _caused_by(found, failures.ConnectionError, failures.ChunkedEncodingError, causes.ProtocolError):
            return PlexTemporaryError(self._hang_up(error), suspect_outage=True)
        if _caused_by(found, failures.ContentDecodingError):
            return PlexTemporaryError(f"{self.place} sent a malformed reply that cannot be decompressed")
        return PlexServerDown(f"{self.place} cannot be asked ({type(error).__name__}). Is plex_url right?")

    def _unreached(self, found: Sequence[BaseException], connect: float) -> str:
        """Why there is no connection, "" where there was one."""
        if _caused_by(found, failures.SSLError, causes.SSLError):
            return self._tls_failure(found)
        if _caused_by(found, failures.ProxyError):
            return f"{self.place} cannot be reached. {_PROXY_ADVICE}"
        if _caused_by(found, failures.ConnectTimeout):
            return f"{self.place} did not answer within {connect:g} s. Is it on, and is plex_url right?"
        if _caused_by(found, causes.NameResolutionError, socket.gaierror):
            return f"{self.place} has a name that cannot be resolved. Is plex_url right?"
        if _caused_by(found, ConnectionRefusedError):
            return f"{self.place} refused the connection. Is it running, and is plex_url right?"
        if _caused_by(found, causes.NewConnectionError):
            return f"{self.place} cannot be reached. Is the network up, and is plex_url right?"
        return ""

    def _tls_failure(self, found: Sequence[BaseException]) -> str:
        """Why there is no secure connection; only a certificate that was shown can be at fault."""
        certificate = _caused_by(found, ssl.SSLCertVerificationError)
        broken = next((each for each in found if isinstance(each, ssl.SSLError)), None)
        if certificate or broken is None:
            return (
                f"{self.place} shows a certificate that cannot be verified. Set plex_url to the name in the "
                "certificate, or turn on skip_tls_verify if it is your own"
            )
        reason = broken.reason or str(broken)
        if _PLAIN_REPLY.search(reason):
            return f"{self.place} does not speak TLS. Use http:// in plex_url, or check the port"
        return f"{self.place} broke off TLS ({reason}). Is it running, and does it speak https there?"

    def _silence(self, seconds: float) -> str:
        advice = f"If it is only slow, raise {self._patience_setting}"
        if not self._is_plain:  # a server that waits for the end of a plain request says nothing to a TLS handshake
            advice += ". If it never answers, does it speak https there?"
        return f"{self.place} sent nothing for {seconds:g} s. {advice}"

    def _slowness(self, silence: float) -> str:
        return (
            f"{self.place} was not done after {seconds_for(silence):g} s, though it kept sending. "
            f"Restart it if this goes on, or raise {self._patience_setting}"
        )

    def _hang_up(self, error: Exception) -> str:
        advice = "See Plex's own log if this goes on"
        # Before its reply began, that is: requests has another exception for what comes after.
        if self._is_plain and isinstance(error, failures.ConnectionError):
            advice += ", and use https:// in plex_url if Plex requires secure connections"
        return f"{self.place} broke off the connection before its reply was complete. {advice}"

    def _refusal(self, response: requests.Response, method: str, path: str) -> PlexError:
        """What a status other than SUCCESS means."""
        status = response.status_code
        asked = f"{method} {path} ({status})"
        if status in REJECTED or (status == UNPROCESSABLE and method == "GET"):
            return PlexAuthError(f"{self._who} rejected the token ({status}). {_WHAT_TO_DO}", status)
        if status == 403:
            text = f"{self._who} does not allow this token to {asked}. {_WHAT_TO_DO} to the owner's"
            return PlexAuthError(text, status)
        if status == PROXY_LOGIN:
            text = f"{self.place} cannot be reached, because the proxy wants a login (407). {_PROXY_ADVICE}"
            return PlexServerDown(text, status)
        if status == 404:
            hint = ". Is plex_url right?" if path.endswith("/identity") else ""  # every Plex has that page
            return PlexNotFound(f"{self.place} has no {path} (404){hint}", status, suspect_outage=True)
        if 300 <= status < 400:
            return PlexServerDown(f"{self.place} redirects ({status}). Set plex_url to where it leads", status)
        if 400 <= status < 500 and status not in PASSING:
            text = f"{self.place} refused {asked}. See Plex's own log for the reason"
            return PlexPermanentError(text, status, suspect_outage=True)
        if status >= 400:
            return self._inability(response, asked)
        return PlexTemporaryError(f"{self.place} gave a malformed reply to {method} {path} (status {status})", status)

    @property
    def _who(self) -> str:
        return self.place if self._proxy else "Plex"

    def _inability(self, response: requests.Response, asked: str) -> PlexError:
        """What a status means by which a server says that it cannot do it now: PASSING, and 500 or above."""
        status = response.status_code
        if status in UNREACHED:
            return PlexServerDown(f"{self.place} cannot be reached by the proxy in front of it ({status})", status)
        if status == 503:
            reason = _reason(response.content)
            said = f"{reason}. " if reason else ""
            return PlexServerDown(f"{self.place} is not ready (503). {said}Wait until it is", status)
        advice = "See Plex's own log if this goes on"
        if status == 429:
            advice = "It gets too many requests. Lower parallel_writes if this goes on"
        return PlexTemporaryError(f"{self.place} could not do {asked}. {advice}", status)


def _without_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _asked_by(error: PlexError, method: str) -> PlexError:
    error.is_write = method != "GET"
    return error


def _silence_of(timeouts: Any) -> float:
    """The seconds between two bytes, of what requests takes as its timeout."""
    return float(timeouts[1] if isinstance(timeouts, tuple) else timeouts)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8")


def _caused_by(found: Sequence[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(each, kinds) for each in found)


def _reason(body: bytes) -> str:
    """Plex's own words, from `<Response code="503" title="Maintenance" status="…"/>`; "" where there are none.

    Without their full stop, so that a sentence can go on behind them.
    """
    try:
        reply = parse(body)
    except (ParseError, TooManyElements):
        return ""
    return "" if reply is None else str(reply.get("status", "")).strip()[:200].rstrip(".")
