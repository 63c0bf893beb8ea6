"""Plex must see one device, for ever."""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import plexapi
import pytest
from plexapi import server as plexapi_server

from plex.device_identity import FILE_NAME, LOCK_NAME, LONGEST_WAIT, configure_plex_device_identity
from storage.lock import ProcessLock
from tests.support.plex_examples import Clock


@pytest.fixture(autouse=True)
def plexapi_as_it_was() -> Iterator[None]:
    names = ("X_PLEX_IDENTIFIER", "X_PLEX_PRODUCT", "X_PLEX_DEVICE_NAME")
    before = {name: getattr(plexapi, name) for name in names}
    headers = dict(plexapi.BASE_HEADERS)
    yield
    for name, value in before.items():
        setattr(plexapi, name, value)
    plexapi.BASE_HEADERS.update(headers)


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = configure_plex_device_identity(str(tmp_path))
    assert uuid.UUID(first.identifier)
    assert configure_plex_device_identity(str(tmp_path)) == first
    assert sorted(os.listdir(tmp_path)) == [FILE_NAME, LOCK_NAME]


def test_all_that_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    at_once = threading.Barrier(8)
    made = []

    def make() -> None:
        at_once.wait()
        made.append(configure_plex_device_identity(str(tmp_path)).identifier)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(set(made))) == (8, 1)


def test_plexapi_uses_it(tmp_path: Path) -> None:
    identity = configure_plex_device_identity(str(tmp_path))
    assert plexapi_server.BASE_HEADERS["X-Plex-Client-Identifier"] == identity.identifier
    assert plexapi_server.BASE_HEADERS["X-Plex-Product"] == "PlexSync"
    assert identity.identifier == plexapi.X_PLEX_IDENTIFIER


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b'{"identifier": "", "name": "a"}', b'{"identifier": 1, "name": "a"}', b"\xff"],
)
def test_a_file_that_cannot_be_read_is_set_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        identity = configure_plex_device_identity(str(tmp_path), Clock(1_800_000_000.5))
    assert (tmp_path / f"{FILE_NAME}.corrupt-1800000000").read_bytes() == content
    assert json.loads((tmp_path / FILE_NAME).read_text())["identifier"] == identity.identifier
    assert "set aside" in caplog.text


def test_a_process_that_never_ends_is_not_waited_for_without_end(tmp_path: Path) -> None:
    holder = ProcessLock(str(tmp_path / LOCK_NAME))
    assert holder.acquire()
    waits: list[float] = []
    with pytest.raises(OSError, match="does not end"):
        configure_plex_device_identity(str(tmp_path), wait=waits.append)
    assert sum(waits) == pytest.approx(LONGEST_WAIT)
    holder.release()
