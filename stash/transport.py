"""How requests reach Stash: where it listens, how PlexSync logs in, and every failure as one of `stash.exceptions`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from stashapi.classes import GQLWrapper

from network.causes import causes_of
from network.deadline import Deadline, DeadlineAdapter, DeadlineExceeded, seconds_for
from stash.address import is_loopback
from stash.exceptions import StashQueryFailed, StashSilent, StashUnauthorized, StashUnavailable

_SHOWN_CHARACTERS = 300


class StashSession(requests.Session):
    """A session that always has timeouts, stays at Stash, and raises nothing but `stash.exceptions`.

    Redirects are not followed: the only one that Stash sends leads to its login page. Proxies, `.netrc` and certificate
    bundles from the environment are ignored, since Stash runs on this machine. Over https its certificate is checked
    unless it listens on the loopback, for which nobody issues certificates.
    """

    def __init__(
        self, url: str, connect_timeout: float, read_timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`url` as from `stash.address.base_url`; timeouts in seconds; `clock` gives seconds, for deadlines."""
        super().__init__()
        self.mount("http://", DeadlineAdapter())
        self.mount("https://", DeadlineAdapter())
        self._clock = clock
        self.url = url
        self.timeouts = (connect_timeout, read_timeout)
        self.trust_env = False
        self.verify = not is_loopback(urlsplit(url).hostname or "")
        if url.startswith("https:") and not self.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def log_in_with_cookie(self, cookie: Mapping[str, Any] | None) -> None:
        """Use the session that Stash lends to a plugin, `{"Name", "Value"}`; null where Stash has no password.

        Stash renews the cookie with each answer (Stash v0.30, `GetSessionUserID`). It is stored under the domain that
        the renewed one will have, or both would be sent and Stash would read the older.
        """
        if not cookie or not _fits_in_header(cookie.get("Value")):
            return
        host = urlsplit(self.url).netloc.rpartition(":")[0]
        domain = host if "." in host else f"{host}.local"  # as http.cookiejar names hosts without a dot
        age = cookie.get("MaxAge")
        expires = int(time.time()) + age if isinstance(age, int) and age > 0 else None
        name = cookie.get("Name") or "session"
        self.cookies.set(name, cookie["Value"], domain=domain, path="/", expires=expires)

    def log_in_with_key(self, api_key: str) -> None:
        """Use the API key, which does not expire, instead of the cookie. An empty one changes nothing."""
        if not _fits_in_header(api_key):
            return
        self.headers["ApiKey"] = api_key
        self.cookies.clear()

    def ends_at(self) -> float | None:
        """When the cookie ends (seconds since the epoch); None where it does not, or a key is used."""
        return next((float(cookie.expires) for cookie in self.cookies if cookie.expires), None)

    def login(self) -> dict[str, Any]:
        """What another StashClient logs in with, as keys of a server connection: the cookie as renewed, or the key."""
        cookie = next(iter(self.cookies), None)
        lent = {"Name": cookie.name, "Value": cookie.value} if cookie else None
        return {"SessionCookie": lent, "ApiKey": self.headers.get("ApiKey", "")}

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As `requests.Session.request`; a status of 400 or above, other than 401, is left to the caller.

        `expected_bytes` is how long a reply may be that needs its time, in bytes: a picture. `patience`: seconds after
        which no whole answer is waited for any longer, None for what the timeouts say.
        Raises StashUnauthorized for 401 and redirects, StashUnavailable where no whole answer came.
        """
        patience = kwargs.pop("patience", None)
        expected_bytes = kwargs.pop("expected_bytes", 0)
        silence = patience or self.timeouts[1]
        whole = patience or seconds_for(silence, expected_bytes)
        kwargs.setdefault("timeout", (self.timeouts[0], silence))
        kwargs["allow_redirects"] = False
        deadline = Deadline(whole, silence, self._clock)
        try:
            with deadline.in_force():
                response = super().request(*args, **kwargs)
        except (requests.RequestException, ValueError) as error:  # ValueError: a header that cannot be sent, with value
            failure = self.failure(error, patience)
        else:
            if response.status_code == requests.codes.unauthorized or response.is_redirect:
                raise StashUnauthorized(self.url)
            return response
        # Raised out here so that the original, which may hold the request and its headers, is no part of the new one.
        raise failure

    def failure(self, error: Exception, patience: float | None = None) -> StashUnavailable:
        """What happened and what to do, in a sentence without anything secret. `patience` as for `request`."""
        is_late = any(isinstance(cause, DeadlineExceeded) for cause in causes_of(error)) or _stalled(error)
        is_silence = is_late or isinstance(error, requests.exceptions.Timeout)
        return (StashSilent if is_silence else StashUnavailable)(self._describe(error, patience))

    def _describe(self, error: Exception, patience: float | None) -> str:
        connect_timeout, read_timeout = self.timeouts
        read_timeout = patience or read_timeout
        if any(isinstance(cause, DeadlineExceeded) for cause in causes_of(error)):
            seconds = patience or seconds_for(read_timeout)
            return f"Stash at {self.url} was not done after {seconds:g} seconds. Restart it if this goes on"
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return f"Stash at {self.url} took no connection within {connect_timeout:g} seconds. Is it running?"
        if isinstance(error, requests.exceptions.Timeout) or _stalled(error):
            return f"Stash at {self.url} did not answer within {read_timeout:g} seconds. It may be busy"
        if isinstance(error, requests.exceptions.SSLError):
            return (
                f"Stash at {self.url} shows a certificate that this machine does not trust. "
                "Let Stash listen on 0.0.0.0 (its default), or install its certificate authority"
            )
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return f"Stash at {self.url} broke off in the middle of its answer. Is it restarting?"
        if isinstance(error, requests.exceptions.ConnectionError):
            return f"Stash at {self.url} cannot be reached, or hung up. Is it running?"
        return f"the request to Stash at {self.url} failed ({type(error).__name__})"

    def __repr__(self) -> str:
        return f"StashSession({self.url!r})"


class GraphQLTransport(GQLWrapper):  # type: ignore[misc]  # stashapp-tools ships no types
    """stashapp-tools' GraphQL transport over a `StashSession`.

    Its `StashInterface` makes three round trips before the first question, one of them the whole schema; this base of
    it makes none. It logs each failed query, and the exception already says what matters, so its log goes nowhere.
    """

    s: requests.Session

    def __init__(self, session: StashSession) -> None:
        super().__init__()
        session.headers.update(self.s.headers)
        self.s = session
        self.url = f"{session.url}/graphql"
        self.log = logging.Logger("stashapi", level=logging.CRITICAL + 1)

    def query(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of the answer, which holds no null in place of a whole.

        Raises StashUnavailable, StashUnauthorized, StashQueryFailed (errors in the answer, even beside data).
        """
        data: dict[str, Any] = self.call_GQL(query, dict(variables))
        return data

    def _handle_GQL_response(self, response: requests.Response) -> dict[str, Any]:  # noqa: N802 -- stashapp-tools' name
        content = _json_object(response)
        errors = content.get("errors")
        if errors:
            raise StashQueryFailed(_messages(errors))
        data = content.get("data")
        if response.status_code >= requests.codes.bad_request or not isinstance(data, dict):
            raise StashUnavailable(describe_status(response, _explanation(response)))
        return data


def describe_status(response: requests.Response, explanation: str = "") -> str:
    """An answer that is of no use, in a sentence."""
    url = response.url.partition("?")[0]
    return f"{url} answered with status {response.status_code}. {explanation or 'See the log of Stash'}"


def _explanation(response: requests.Response) -> str:
    """What Stash says to a person, for which it uses plain text; anything else may be data, and the API key in it."""
    is_text = response.headers.get("Content-Type", "").startswith("text/plain")
    return _short(response.text) if is_text else ""


def _json_object(response: requests.Response) -> dict[str, Any]:
    """The answer as JSON, or {} where it is none."""
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _messages(errors: Any) -> str:
    entries = errors if isinstance(errors, list) else [errors]
    return _short("; ".join(str(entry.get("message")) if isinstance(entry, dict) else str(entry) for entry in entries))


def _short(text: str) -> str:
    return " ".join(text[: 2 * _SHOWN_CHARACTERS].split())[:_SHOWN_CHARACTERS]


def _fits_in_header(value: object) -> bool:
    """Whether a secret can be sent at all; http.client would put one that cannot into its exception's text."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable()


def _stalled(error: Exception) -> bool:
    """Whether the body stopped coming; requests reports that as a ConnectionError around urllib3's timeout."""
    return any(isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in error.args)
