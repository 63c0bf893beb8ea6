"""What hooks are told of a session: when to send a fresh one, in steps, and never the session itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stash.client import StashClient
from tests.simulators.stash import StashSimulator
from tests.support.clock import Clock
from worker.handover.lent_session import LONGEST_MARGIN, LentSession


def connection(age: int | None) -> dict[str, object]:
    cookie = None if age is None else {"Name": "session", "Value": "v", "MaxAge": age}
    return {"Scheme": "http", "Host": "127.0.0.1", "Port": 1, "SessionCookie": cookie}


def test_who_has_no_session_needs_no_relief() -> None:
    assert LentSession(StashClient(connection(None))).relieve_from() is None


@given(st.integers(10, 1_000_000))
def test_relief_comes_before_the_end_and_not_before_half_of_the_life(age: int) -> None:
    client = StashClient(connection(age))
    ends_at = client.session_ends_at
    assert ends_at is not None
    relieve_from = LentSession(client, lambda: ends_at - age).relieve_from()
    assert relieve_from is not None
    assert ends_at - age / 2 <= relieve_from <= ends_at - min(LONGEST_MARGIN, age / 4)


def test_each_question_renews_it_but_a_file_need_not_be_written_for_each() -> None:
    clock = Clock()
    with StashSimulator(clock=clock, password=True, max_session_age=1000) as stash:
        client = StashClient(stash.server_connection())
        session = LentSession(client)
        moments = set()
        for _ in range(10):
            client.version()
            moments.add(session.relieve_from())
        assert len(moments) == 1


def test_a_key_does_not_end() -> None:
    with StashSimulator(password=True, api_key="a-key") as stash:
        client = StashClient(stash.server_connection())
        client.settings()
        assert LentSession(client).relieve_from() is None
        assert client.connection()["ApiKey"] == "a-key"
        assert StashClient(client.connection()).version()
