"""The SQL of the queue's file is in sync_queue/ and nowhere else: who changes a table finds all that uses it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.schema import SCHEMA

PROJECT = Path(__file__).resolve().parents[3]
TABLES = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", "".join(SCHEMA))
ON_A_TABLE = re.compile(rf"\b(FROM|JOIN|INTO|UPDATE|TABLE)\s+({'|'.join(TABLES)})\b", re.IGNORECASE)
ANY_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|PRAGMA|WITH|BEGIN|COMMIT)\s", re.ASCII)


def modules(*rooms: str) -> Iterator[Path]:
    yield PROJECT / "PlexSync.py"
    for room in rooms:
        yield from (PROJECT / room).rglob("*.py")


def texts(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_tables_are_known() -> None:
    assert {"ack_queue_default", "dead_letters", "scene_state", "item_state", "log_relay"} <= set(TABLES)


def test_no_other_room_names_a_table_of_the_queue_in_a_statement() -> None:
    found = [
        f"{path.name}: {text}"
        for path in modules("worker", "plex", "stash", "storage", "validation")
        for text in texts(path)
        if ON_A_TABLE.search(text)
    ]
    assert found == []


def test_rooms_without_an_sqlite_file_of_their_own_have_no_sql_at_all() -> None:
    found = [
        f"{path.name}: {text}"
        for path in modules("worker", "stash", "validation")
        for text in texts(path)
        if ANY_STATEMENT.match(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "statement", ["SELECT 1 FROM ack_queue_default", "delete from dead_letters", "UPDATE scene_state SET"]
)
def test_a_statement_is_recognised(statement: str) -> None:
    assert ON_A_TABLE.search(statement)
