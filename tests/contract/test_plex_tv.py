"""The simulated plex.tv, held against python-plexapi as it is."""

from __future__ import annotations

import pytest
from plexapi.myplex import MyPlexPinLogin

from tests.simulators.plex_tv import PlexTvSimulator

HEADERS = {"X-Plex-Client-Identifier": "ours", "X-Plex-Product": "PlexSync"}


def pin_login(plex_tv: PlexTvSimulator) -> MyPlexPinLogin:
    login = MyPlexPinLogin(headers=HEADERS, oauth=True)
    login.PINS = f"{plex_tv.url}/api/v2/pins"
    return login


def test_a_pin_is_made_confirmed_and_expires() -> None:
    with PlexTvSimulator() as plex_tv:
        login = pin_login(plex_tv)
        assert "clientID=ours" in login.oauthUrl()
        assert login.checkLogin() is False
        assert login.expired is False
        plex_tv.confirm(int(login._id), "account-token")
        assert login.checkLogin() is True
        assert login.token == "account-token"
        other = pin_login(plex_tv)
        other.oauthUrl()
        plex_tv.expire(int(other._id))
        assert other.checkLogin() is False
        assert other.expired is True


@pytest.mark.parametrize("path", ["/api/v2/user", "/api/v2/resources"])
def test_an_account_is_shown_to_its_token_only(path: str) -> None:
    with PlexTvSimulator() as plex_tv:
        session = pin_login(plex_tv)._session
        assert session.get(plex_tv.url + path, timeout=5).status_code == 401
        login = pin_login(plex_tv)
        login.oauthUrl()
        plex_tv.confirm(int(login._id), "account-token")
        assert session.get(plex_tv.url + path, headers={"X-Plex-Token": "account-token"}, timeout=5).ok
