"""Formats of the queue's file: an older one is brought to this version's as a whole, a newer one is left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import sync_queue.database
import sync_queue.migration
from storage.database import Database, NewerFormat
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue, enqueue_fan_out, enqueue_removal, has_open_jobs
from sync_queue.generation import Generation, Superseded
from sync_queue.migration import migrate
from sync_queue.relay import post_lines, take_lines
from sync_queue.schema import FORMAT, KEPT_TABLES, STEPS
from tests.support.queue_examples import add, rows

INVENTED = (
    ("CREATE TABLE invented (word TEXT)", "INSERT INTO invented VALUES ('second')"),
    ("UPDATE invented SET word = word || ', third'",),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A queue's file of this version, with one job."""
    with closing(open_queue_database(str(tmp_path))) as database:
        add(database, 1)
    return tmp_path / "plexsync.db"


@pytest.fixture
def next_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions ahead, with a step for each."""
    monkeypatch.setattr(sync_queue.migration, "STEPS", INVENTED)
    monkeypatch.setattr(sync_queue.migration, "FORMAT", 3)
    monkeypatch.setattr(sync_queue.database, "FORMAT", 3)


def set_format(file: Path, number: int) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")


def test_this_version_has_the_first_format() -> None:
    assert (FORMAT, STEPS) == (1, ())


def test_a_file_of_this_format_is_left_as_it_is(database: Database, other: Database) -> None:
    before = other.change_counter()
    migrate(database)
    assert other.change_counter() == before


@pytest.mark.usefixtures("next_versions")
class TestAnOlderFormat:
    def test_every_step_is_taken_in_order(self, file: Path) -> None:
        with closing(open_queue_database(str(file.parent))) as database:
            assert database.schema_version() == 1  # to open it changes nothing
            migrate(database)
            assert database.all("SELECT word FROM invented") == [("second, third",)]
            assert (database.schema_version(), rows(database)) == (3, [(1, 0)])
            migrate(database)
            assert database.all("SELECT word FROM invented") == [("second, third",)]

    def test_only_the_missing_steps_are_taken(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE invented (word TEXT)")
            connection.execute("INSERT INTO invented VALUES ('there')")
            connection.execute("PRAGMA user_version = 2")
            connection.commit()
        with closing(open_queue_database(str(file.parent))) as database:
            migrate(database)
            assert database.all("SELECT word FROM invented") == [("there, third",)]

    def test_a_step_that_fails_leaves_nothing(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sync_queue.migration, "STEPS", (INVENTED[0], ("DROP TABLE no_such_table",)))
        with closing(open_queue_database(str(file.parent))) as database:
            with pytest.raises(sqlite3.OperationalError, match="no_such_table"):
                migrate(database)
            assert database.schema_version() == 1
            assert database.one("SELECT 1 FROM sqlite_master WHERE name = 'invented'") is None

    def test_whoever_held_the_lock_before_is_superseded_in_the_same_transaction(self, file: Path) -> None:
        with (
            closing(open_queue_database(str(file.parent))) as ours,
            closing(open_queue_database(str(file.parent))) as theirs,
        ):
            older = Generation(theirs, 0)
            older.check()
            Generation.begin(ours)
            assert theirs.schema_version() == 3
            with pytest.raises(Superseded):
                older.check()

    def test_a_hook_inserts_before_and_after(self, file: Path) -> None:
        with closing(open_queue_database(str(file.parent))) as database:
            add(database, 2)
            migrate(database)
            add(database, 3)
            assert rows(database) == [(1, 0), (2, 0), (3, 0)]


class TestANewerFormat:
    def test_it_is_refused_in_a_sentence_and_left_as_it_is(self, file: Path) -> None:
        set_format(file, 2)
        before = file.read_bytes()
        for check in (False, True):
            with pytest.raises(NewerFormat, match=r"A newer PlexSync wrote .*\(format 2, and this version knows 1\)"):
                open_queue_database(str(file.parent), check=check)
        assert file.read_bytes() == before
        assert not list(file.parent.glob("*.corrupt-*"))

    def test_damage_in_it_is_for_the_newer_version_to_repair(self, file: Path) -> None:
        set_format(file, 2)
        content = file.read_bytes()
        file.write_bytes(content[:20_000] + b"\xff" * 20_000 + content[40_000:])
        with pytest.raises(NewerFormat):
            open_queue_database(str(file.parent), check=True)
        assert not list(file.parent.glob("*.corrupt-*"))

    def test_its_number_is_never_lowered(self, file: Path) -> None:
        with closing(open_queue_database(str(file.parent))) as database:
            set_format(file, 2)  # by a newer version, after this one had opened it
            with pytest.raises(NewerFormat):
                Generation.begin(database)
            assert database.schema_version() == 2

    def test_a_hook_that_the_next_version_overtook_inserts(self, file: Path) -> None:
        set_format(file, 2)
        with closing(open_queue_database(str(file.parent), any_format=True)) as database:
            add(database, 2)
            assert rows(database) == [(1, 0), (2, 0)]


HOOK_ACTS: dict[str, Callable[[Database], object]] = {
    "an edit": lambda database: enqueue(database, 1, ["title"], "hook", 1.0),
    "another edit": lambda database: enqueue(database, 1, ["date"], "hook", 2.0),
    "a rename": lambda database: enqueue_fan_out(database, "tag", 1, "hook", 1.0),
    "a removal": lambda database: enqueue_removal(database, "tag", "hook", 1.0),
    "a look for jobs": has_open_jobs,
    "news": take_lines,
}


@pytest.mark.parametrize("act", HOOK_ACTS.values(), ids=HOOK_ACTS)
def test_a_hook_uses_only_tables_that_no_step_changes(database: Database, act: Callable[[Database], object]) -> None:
    post_lines(database, [("info", "A line")])
    used: set[str] = set()

    def note(action: int, table: str | None, _column: str | None, _database: str | None, _trigger: str | None) -> int:
        if action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            used.add(table or "")
        return sqlite3.SQLITE_OK

    database.connection.set_authorizer(note)
    act(database)
    assert used - {"json_each", "sqlite_sequence"} <= KEPT_TABLES
