"""The file below everything: schema, transactions, several connections at once."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from storage.database import Database
from storage.lock import LOOK_EVERY, ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.schema import FORMAT
from tests.support.queue_examples import NOW, add, rows

INSERT = "INSERT INTO log_relay (level, message) VALUES ('info', ?)"


def messages(database: Database) -> list[str]:
    return [row[0] for row in database.all("SELECT message FROM log_relay ORDER BY id")]


def test_folder_and_file_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "queue"
    database = open_queue_database(str(folder))
    assert database.path == str(folder / "plexsync.db")
    assert os.path.exists(database.path)
    database.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_may_look_into_the_folder(tmp_path: Path) -> None:
    open_queue_database(str(tmp_path / "queue")).close()
    assert stat.S_IMODE((tmp_path / "queue").stat().st_mode) == 0o700


def test_what_was_told_to_be_safe_survives_a_power_cut(database: Database) -> None:
    assert database.one("PRAGMA journal_mode") == ("wal",)
    assert database.one("PRAGMA synchronous") == (2,)  # FULL


def test_opening_again_keeps_everything(database: Database) -> None:
    add(database, 1, 2)
    database.close()
    reopened = Database.open(database.path)
    assert rows(reopened) == [(1, 0), (2, 0)]
    assert reopened.one("PRAGMA user_version") == (FORMAT,)
    reopened.close()


def test_opening_writes_nothing_where_the_schema_stands(database: Database, other: Database) -> None:
    before = other.change_counter()
    Database.open(database.path).close()
    assert other.change_counter() == before


def open_and_add(folders: list[str], number: int, at_once: Barrier) -> None:
    """What one of several processes does; all end with a traceback where one of them cannot open a folder."""
    try:
        for folder in folders:
            at_once.wait()
            with closing(open_queue_database(folder)) as database:
                add(database, number)
    except sqlite3.Error:
        at_once.abort()
        raise


@pytest.mark.slow
def test_many_may_open_a_new_file_at_the_same_instant(tmp_path: Path) -> None:
    folders = [str(tmp_path / f"queue {number}") for number in range(20)]
    processes = get_context("spawn")
    at_once = processes.Barrier(8)
    openers = [processes.Process(target=open_and_add, args=(folders, number, at_once)) for number in range(1, 9)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert [opener.exitcode for opener in openers] == [0] * 8
    for folder in folders:
        with closing(open_queue_database(folder)) as database:
            assert sorted(rows(database)) == [(number, 0) for number in range(1, 9)]


def test_the_file_is_made_by_one_at_a_time(tmp_path: Path) -> None:
    maker = ProcessLock(str(tmp_path / "repair.lock"))
    assert maker.acquire()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            maker.release()

    with closing(open_queue_database(str(tmp_path), sleep=sleep)) as database:
        assert database.schema_version() == FORMAT
    assert waits == [LOOK_EVERY] * 3


def test_making_the_file_waits_for_whoever_clears_away_what_a_killed_maker_left(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "plexsync.db", isolation_level=None)) as cleaner:
        cleaner.execute("BEGIN IMMEDIATE")
        open_queue_database(str(tmp_path), sleep=lambda _: cleaner.rollback()).close()
        assert cleaner.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows renames no open file")
def test_a_file_that_was_set_aside_or_deleted_is_not_in_place(tmp_path: Path) -> None:
    with closing(open_queue_database(str(tmp_path))) as database:
        assert database.is_in_place()
        os.rename(database.path, tmp_path / "aside")
        assert not database.is_in_place()
        with closing(open_queue_database(str(tmp_path))) as new:
            assert (new.is_in_place(), database.is_in_place()) == (True, False)


def test_a_file_that_stands_is_opened_without_waiting(tmp_path: Path) -> None:
    def must_not_sleep(seconds: float) -> None:
        pytest.fail(f"waited for {seconds} seconds")

    open_queue_database(str(tmp_path)).close()
    repairer = ProcessLock(str(tmp_path / "repair.lock"))
    assert repairer.acquire()
    open_queue_database(str(tmp_path), sleep=must_not_sleep).close()
    repairer.release()


def test_a_file_whose_maker_was_killed_is_finished(tmp_path: Path) -> None:
    Database.open(str(tmp_path / "plexsync.db")).close()
    with closing(open_queue_database(str(tmp_path))) as database:
        assert database.schema_version() == FORMAT
        assert database.one("PRAGMA journal_mode") == ("wal",)


def test_a_file_that_is_no_database_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "plexsync.db").write_bytes(b"no database" * 1000)
    with closing(open_queue_database(str(tmp_path))) as database:
        assert database.one("SELECT COUNT(*) FROM ack_queue_default") == (0,)
    assert [path.read_bytes() for path in tmp_path.glob("plexsync.db.corrupt-*")] == [b"no database" * 1000]


def test_damage_in_the_middle_is_found_by_a_check(tmp_path: Path) -> None:
    with closing(open_queue_database(str(tmp_path))) as database:
        database.execute_many(INSERT, [(f"line {number}" * 50,) for number in range(500)])
    path = tmp_path / "plexsync.db"
    path.write_bytes(path.read_bytes()[:40_000] + b"\xff" * 40_000)
    with closing(open_queue_database(str(tmp_path), check=True)) as database:
        assert database.one("SELECT COUNT(*) FROM ack_queue_default") == (0,)
    # Its journals go with it.
    assert {path.suffix.partition("-")[0] for path in tmp_path.glob("plexsync.db.corrupt-*")} == {".corrupt"}


def test_a_transaction_is_kept_as_a_whole(database: Database, other: Database) -> None:
    with database.transaction():
        database.execute(INSERT, ("one",))
        assert messages(other) == []
        database.execute(INSERT, ("two",))
    assert messages(other) == ["one", "two"]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction():
        database.execute(INSERT, ("one",))
        raise KeyError
    assert messages(database) == []
    database.execute(INSERT, ("two",))
    assert messages(database) == ["two"]


def test_a_nested_transaction_is_part_of_the_outer_one(database: Database, other: Database) -> None:
    with pytest.raises(KeyError), database.transaction():
        with database.transaction():
            database.execute(INSERT, ("inner",))
        assert messages(other) == []
        raise KeyError
    assert messages(database) == []


def test_a_transaction_is_immediate(database: Database, other: Database) -> None:
    other.execute("PRAGMA busy_timeout = 0")
    with database.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute(INSERT, ("too early",))


def test_another_thread_waits_for_the_end_of_a_transaction(database: Database) -> None:
    begun, order = threading.Event(), list[str]()

    def look() -> None:
        begun.wait()
        order.append(f"sees {messages(database)}")

    thread = threading.Thread(target=look)
    thread.start()
    with database.transaction():
        database.execute(INSERT, ("one",))
        begun.set()
        thread.join(0.05)
        order.append("end")
    thread.join()
    assert order == ["end", "sees ['one']"]


def test_a_full_disk_is_said_and_leaves_the_connection_usable(database: Database) -> None:
    pages = database.one("PRAGMA page_count")
    assert pages is not None
    database.execute(f"PRAGMA max_page_count = {pages[0]}")
    with pytest.raises(sqlite3.OperationalError, match="full"), database.transaction():
        database.execute(INSERT, ("x" * 1_000_000,))
    database.execute("PRAGMA max_page_count = 100000")
    add(database, 1)
    assert rows(database) == [(1, 0)]


def test_the_change_counter_moves_with_other_connections(database: Database, other: Database) -> None:
    before = database.change_counter()
    assert database.change_counter() == before
    add(other, 1, now=NOW)
    assert database.change_counter() != before


def test_the_database_itself_allows_one_pending_job_a_scene(database: Database) -> None:
    statement = "INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, 0, ?)"
    data = b'{"scene_id": 7, "next_retry_at": 0}'
    database.execute(statement, (data, 0))
    for status in (0, 1):
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(statement, (data, status))
    for status in (2, 2, 5, 5, 9):
        database.execute(statement, (data, status))
