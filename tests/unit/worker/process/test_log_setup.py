"""Where log records go: over stderr to Stash, or to the file and the relay."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.relay import KEPT_LINES
from worker.base.log_level import set_debug
from worker.data_folder import DataFolder
from worker.process.log_setup import LOG_BYTES, LOG_FILES, log_to_file_and_relay
from worker.process.stash_log import log_to_stash

logger = logging.getLogger("worker.example")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    created = DataFolder(str(tmp_path))
    created.create()
    return created


def log_every_level() -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "%s", level)


def test_a_task_logs_to_stash_with_its_level_characters(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stash()
    log_every_level()
    out, err = capsys.readouterr()
    assert out == "", "a word on stdout breaks the reply"
    assert err == "\x01i\x0220\n\x01w\x0230\n\x01e\x0240\n\x01e\x0250\n"


def test_every_line_of_a_traceback_has_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stash()
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logger.exception("failed")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("\x01e\x02") for line in lines)


def test_debug_can_be_turned_on_and_off(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stash()
    set_debug(True)
    logger.debug("one")
    set_debug(False)
    logger.debug("two")
    assert capsys.readouterr().err == "\x01d\x02one\n"


@pytest.mark.parametrize("library", ["urllib3.connectionpool", "plexapi", "persistqueue"])
def test_other_peoples_libraries_stay_quiet(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stash()
    set_debug(True)
    logging.getLogger(library).info("GET /library?X-Plex-Token=secret")
    logging.getLogger(library).warning("unusual")
    assert capsys.readouterr().err == "\x01w\x02unusual\n"


def test_the_drainer_logs_to_a_file_and_to_the_relay(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    relay = log_to_file_and_relay(folder)
    logger.info("synced %s", "ä")
    logger.error("failed")
    posted: list[tuple[str, str]] = []
    relay.flush_to(posted.extend)
    assert posted == [("info", "synced ä"), ("error", "failed")]
    lines = Path(folder.log).read_text(encoding="utf-8").splitlines()
    assert [line.partition(" worker.example: ")[2] for line in lines] == ["synced ä", "failed"]
    assert capsys.readouterr() == ("", "")


def test_the_relay_hands_each_line_over_once(folder: DataFolder) -> None:
    relay = log_to_file_and_relay(folder)
    logger.info("one")
    calls: list[list[tuple[str, str]]] = []
    relay.flush_to(calls.append)
    relay.flush_to(calls.append)
    logger.info("two")
    relay.flush_to(calls.append)
    assert calls == [[("info", "one")], [("info", "two")]]


def test_logging_while_lines_are_handed_over_is_no_deadlock(folder: DataFolder) -> None:
    relay = log_to_file_and_relay(folder)
    logger.info("one")
    relay.flush_to(lambda lines: logger.info("posted %d", len(lines)))
    posted: list[tuple[str, str]] = []
    relay.flush_to(posted.extend)
    assert posted == [("info", "posted 1")]


def test_the_file_does_not_grow_for_ever(folder: DataFolder) -> None:
    log_to_file_and_relay(folder)
    line = "x" * (LOG_BYTES // 10)
    for _ in range(10 * (LOG_FILES + 3)):
        logger.info(line)
    files = list(Path(folder.root).glob("plexsync.log*"))
    assert len(files) == LOG_FILES + 1
    assert all(file.stat().st_size <= LOG_BYTES for file in files)


def test_lines_that_the_queue_does_not_take_now_are_kept_for_later(folder: DataFolder) -> None:
    relay = log_to_file_and_relay(folder)
    posted: list[list[tuple[str, str]]] = []

    def refuse(_lines: list[tuple[str, str]]) -> None:
        logger.warning("while it was full")
        raise sqlite3.OperationalError("database or disk is full")

    logger.warning("first")
    relay.flush_to(refuse)
    relay.flush_to(posted.append)
    relay.flush_to(posted.append)
    assert posted == [[("warning", "first"), ("warning", "while it was full")]]


def test_they_do_not_grow_for_ever(folder: DataFolder) -> None:
    relay = log_to_file_and_relay(folder)

    def refuse(_lines: list[tuple[str, str]]) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for number in range(KEPT_LINES + 10):
        logger.warning("%d", number)
    relay.flush_to(refuse)
    posted: list[tuple[str, str]] = []
    relay.flush_to(posted.extend)
    assert [posted[0], len(posted)] == [("warning", "10"), KEPT_LINES]
