"""Starting a drainer: detached from Stash, told what it needs through its standard input alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from storage.lock import ProcessLock
from tests.world import wait_until
from worker.data_folder import DataFolder
from worker.launcher import DRAINER_ARGUMENT, detached, ensure_drainer, start_drainer, without_window

SECRET = "session-cookie-that-nobody-may-see"
CONNECTION = {"Scheme": "http", "Port": 9999, "SessionCookie": {"Name": "session", "Value": SECRET}}
REPORT = """
import json, os, sys
def target(descriptor):
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
report = {
    "argv": sys.argv, "pid": os.getpid(), "cwd": os.getcwd(), "environ": dict(os.environ),
    "session": os.getsid(0) if hasattr(os, "getsid") else 0,
    "descriptors": [target(descriptor) for descriptor in range(64)],
    "stdin": sys.stdin.buffer.read().decode(),
}
print("to nobody"); print("to nobody", file=sys.stderr)
with open("report.new", "w") as file:
    json.dump(report, file)
os.replace("report.new", "report.json")
"""


@pytest.fixture
def plugin_file(tmp_path: Path) -> str:
    """A plugin that writes down how it was started."""
    folder = tmp_path / "plug in"
    folder.mkdir()
    file = folder / "PlexSync.py"
    file.write_text(REPORT, encoding="utf-8")
    return str(file)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    created = DataFolder(str(tmp_path / "data"))
    created.create()
    return created


def report_of(plugin_file: str) -> dict[str, Any]:
    file = Path(plugin_file).with_name("report.json")
    wait_until(file.exists, "the drainer to write down how it was started")
    report: dict[str, Any] = json.loads(file.read_text())
    return report


def test_it_is_told_the_connection_through_its_standard_input(plugin_file: str) -> None:
    start_drainer(plugin_file, CONNECTION)
    report = report_of(plugin_file)
    assert json.loads(report["stdin"]) == {"server_connection": CONNECTION, "args": {}}
    assert report["argv"] == [plugin_file, DRAINER_ARGUMENT]
    assert SECRET not in json.dumps([report["argv"], report["environ"]])
    assert report["cwd"] == os.path.dirname(plugin_file)


@pytest.mark.skipif(not hasattr(os, "getsid"), reason="Windows has no sessions")
def test_it_has_a_session_of_its_own(plugin_file: str) -> None:
    start_drainer(plugin_file, CONNECTION)
    report = report_of(plugin_file)
    assert report["session"] == report["pid"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a process's descriptors")
def test_it_inherits_nothing_that_somebody_may_wait_for(plugin_file: str, capfd: pytest.CaptureFixture[str]) -> None:
    with open(plugin_file, "rb") as open_here:
        os.set_inheritable(open_here.fileno(), True)
        start_drainer(plugin_file, CONNECTION)
    standard_input, output, errors, *others = report_of(plugin_file)["descriptors"]
    assert standard_input.startswith("pipe:")
    assert (output, errors) == (os.devnull, os.devnull)
    assert plugin_file not in others
    assert capfd.readouterr() == ("", "")


def test_nobody_is_warned_of_a_child_that_goes_on(plugin_file: str, recwarn: pytest.WarningsRecorder) -> None:
    start_drainer(plugin_file, CONNECTION)
    report_of(plugin_file)
    assert [str(warning.message) for warning in recwarn] == []


def test_one_is_started_where_none_runs(plugin_file: str, folder: DataFolder) -> None:
    assert ensure_drainer(folder, plugin_file, CONNECTION)
    report_of(plugin_file)


def test_none_is_started_where_one_runs(plugin_file: str, folder: DataFolder) -> None:
    children = len(psutil.Process().children())
    lock = ProcessLock(folder.drain_lock)
    assert lock.acquire()
    assert not ensure_drainer(folder, plugin_file, CONNECTION)
    assert len(psutil.Process().children()) == children
    lock.release()


def test_an_interpreter_that_is_gone_raises_an_os_error(
    plugin_file: str, folder: DataFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(FileNotFoundError):
        ensure_drainer(folder, plugin_file, CONNECTION)


def test_on_windows_it_gets_a_console_that_nobody_sees_and_no_ctrl_c() -> None:
    no_window, new_group = 0x08000000, 0x00000200
    assert detached("win32") == {"creationflags": no_window | new_group}
    assert without_window("win32") == {"creationflags": no_window}


def test_elsewhere_it_gets_a_session_of_its_own() -> None:
    for platform in ("linux", "darwin"):
        assert detached(platform) == {"start_new_session": True}
        assert without_window(platform) == {}
