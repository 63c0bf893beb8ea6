"""Files that are replaced one by one: nobody works with a mixture of two versions."""

from __future__ import annotations

import errno
import os
import sys
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.manifest import make_plugin, write_manifest
from tests.world import PROJECT
from tools.dist import plugin_files
from worker.handover.ended import Ended
from worker.handover.plugin_files import ENTRY, MANIFEST, BeingReplaced, PluginFiles, refuse_half_replaced
from worker.version import VERSION

if sys.platform != "win32":
    import resource

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="limits the files that a process may open")
ORDER = tuple(plugin_files(PROJECT))
"""The order in which an update writes the files."""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return make_plugin(tmp_path)


def test_whole_files_are_certain_at_once(plugin: Path) -> None:
    clock = Clock()
    began = clock()
    assert PluginFiles(str(plugin), clock).wait_until_certain(clock.sleep) is None
    assert clock() == began
    refuse_half_replaced(str(plugin))


def test_half_replaced_files_are_waited_for_until_they_are_another_versions(plugin: Path) -> None:
    clock, written = Clock(), list[str]()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(written) < 20:
            written.append(f"file-{len(written)}.py")
            (plugin / written[-1]).touch()

    write_manifest(plugin, "99.0.0")
    with pytest.raises(BeingReplaced, match="PlexSync is being updated"):
        refuse_half_replaced(str(plugin))
    assert PluginFiles(str(plugin), clock).wait_until_certain(sleep) is Ended.UPDATED
    assert len(written) == 20


def test_files_that_go_and_come_back_as_the_same_version_are_waited_for(plugin: Path) -> None:
    clock = Clock()
    (plugin / MANIFEST).unlink()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        write_manifest(plugin, VERSION)

    assert PluginFiles(str(plugin), clock).wait_until_certain(sleep) is None


def test_files_that_stay_away_are_gone(plugin: Path) -> None:
    clock = Clock()
    (plugin / ENTRY).unlink()
    assert PluginFiles(str(plugin), clock).wait_until_certain(clock.sleep) is Ended.REMOVED


@pytest.mark.parametrize("deleted_first", [False, True])
def test_who_finds_one_version_first_and_last_has_read_no_other(deleted_first: bool) -> None:
    """Whenever a process reads worker/version.py, then any other file, then the manifest, while all are written."""
    moments = range(len(ORDER) + 1)  # so many files are written by then
    position = {name: number for number, name in enumerate(ORDER)}

    def version(name: str, moment: int) -> str:
        if position[name] < moment:
            return "new"
        return "none" if deleted_first and moment else "old"

    others = ORDER[1:-1]
    for first, between, last in combinations_with_replacement(moments[::9], 3):
        begun, ended = version(ORDER[-1], first), version(MANIFEST, last)
        if begun == ended != "none":
            assert {version(name, between) for name in others} == {begun}


def test_the_manifest_is_written_first_and_the_version_last() -> None:
    assert (ORDER[:2], ORDER[-1]) == ((MANIFEST, ENTRY), "worker/version.py")


@posix_only
def test_a_manifest_that_cannot_be_opened_for_want_of_file_descriptors_is_no_update(plugin: Path) -> None:
    """For any limit: either it can be read, or what is said is about the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = max(int(name) for name in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"))
    for limit in range(3, lowest + 3):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        try:
            refuse_half_replaced(str(plugin))
        except OSError as error:
            assert error.errno == errno.EMFILE
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
