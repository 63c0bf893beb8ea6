"""The drainer's log lines: each reaches Stash's log through exactly one invocation."""

from __future__ import annotations

import threading

from storage.database import Database
from sync_queue.relay import KEPT_LINES, LINES_PER_INVOCATION, post_lines, take_lines


def numbered(first: int, end: int) -> list[tuple[str, str]]:
    return [("info", f"line {number}") for number in range(first, end)]


def test_lines_are_taken_once_and_in_order(database: Database, other: Database) -> None:
    post_lines(database, [("warning", "Plex is down"), ("info", "ä → b\nc")])
    post_lines(database, [("info", "two")])
    assert take_lines(other) == [("warning", "Plex is down"), ("info", "ä → b\nc"), ("info", "two")]
    assert take_lines(other) == take_lines(database) == []


def test_looking_where_there_is_nothing_writes_nothing(database: Database, other: Database) -> None:
    before = other.change_counter()
    assert take_lines(database) == []
    assert other.change_counter() == before


def test_one_invocation_takes_a_share(database: Database) -> None:
    post_lines(database, numbered(0, LINES_PER_INVOCATION + 5))
    assert take_lines(database) == numbered(0, LINES_PER_INVOCATION)
    assert take_lines(database) == numbered(LINES_PER_INVOCATION, LINES_PER_INVOCATION + 5)


def test_only_the_newest_lines_are_kept(database: Database) -> None:
    for start in range(0, KEPT_LINES + 300, 100):
        post_lines(database, numbered(start, start + 100))
    kept = [line for _ in range(KEPT_LINES // LINES_PER_INVOCATION) for line in take_lines(database)]
    assert kept == numbered(300, KEPT_LINES + 300)
    assert take_lines(database) == []


def test_lines_taken_at_the_same_time_are_taken_once(database: Database) -> None:
    post_lines(database, numbered(0, 900))
    taken: list[tuple[str, str]] = []
    at_once = threading.Barrier(6)

    def take_all() -> None:
        own = Database.open(database.path)
        at_once.wait()
        while lines := take_lines(own):
            taken.extend(lines)
        own.close()

    threads = [threading.Thread(target=take_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(numbered(0, 900))
