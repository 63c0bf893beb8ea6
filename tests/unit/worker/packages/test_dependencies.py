"""Bringing the packages in: a real pip, a wheel made here, a private folder, and nothing halfway."""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from storage.json_file import JsonFile
from storage.lock import ProcessLock
from tests.support.bare_python import bare_python
from tests.support.needy_plugin import NAME, NeedyPlugin, make_wheel
from tests.world import wait_until
from worker.packages.dependencies import LOOK_EVERY, Dependencies, DependencyError
from worker.packages.pip_install import pip_command
from worker.packages.requirements import packages_name

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
pytestmark = pytest.mark.slow  # pip runs in most of them


def test_missing_packages_are_installed_once_into_the_plugins_own_folder(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    first = plugin.run()
    assert first["version"] == "1.2.0"
    assert first["from"].startswith(plugin.packages + os.sep)
    assert [level for level, _ in first["said"]] == ["info", "info"]
    assert NAME in first["said"][0][1]
    assert plugin.whole()
    plugin.environment["PIP_FIND_LINKS"] = ""
    assert plugin.run() == {**first, "said": []}


def test_a_newer_pin_replaces_what_was_installed(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    plugin.run()
    make_wheel(plugin.wheels, "1.2.1")
    plugin.require("1.2.1")
    assert plugin.run()["version"] == "1.2.1"
    assert plugin.whole()


def test_packages_for_another_python_are_not_used_and_not_kept(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    plugin.run()
    older = Path(plugin.data.dependencies, "cpython-309-0badc0de")
    os.replace(plugin.packages, older)
    assert plugin.run()["from"].startswith(plugin.packages + os.sep)
    assert plugin.whole()


def test_a_package_that_was_taken_out_is_brought_back(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    plugin.run()
    shutil.rmtree(Path(plugin.packages, "plexsync_example-1.2.0.dist-info"))
    assert plugin.run()["version"] == "1.2.0"
    assert plugin.whole()


def test_what_does_not_load_is_not_installed(plugin: NeedyPlugin) -> None:
    needs_another = "import no_such_library\n"
    make_wheel(plugin.wheels, "1.2.0", needs_another)
    plugin.require("1.2.0", needs_another)
    report = plugin.run()
    assert "do not load: ModuleNotFoundError: No module named 'no_such_library'" in report["error"]
    assert not plugin.whole()


def test_what_is_not_what_was_pinned_is_not_installed(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0", "import os\n")
    report = plugin.run()
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in report["error"]
    assert not plugin.whole()


# --- where it cannot be done


def test_without_a_network_the_error_holds_the_command_that_helps(plugin: NeedyPlugin) -> None:
    report = plugin.run()
    assert NAME in report["error"]
    assert not plugin.whole()
    make_wheel(plugin.wheels, "1.2.0")
    line = report["error"].partition("if there is one): ")[2]
    command = line if os.name == "nt" else shlex.split(line)
    subprocess.run(command, env=plugin.environment, check=True, capture_output=True)
    assert plugin.run()["version"] == "1.2.0"


def test_an_index_that_does_not_answer_is_named_as_the_cause(plugin: NeedyPlugin) -> None:
    plugin.environment = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    assert "the package index cannot be reached" in plugin.run()["error"]


def test_what_failed_is_not_tried_again_at_once_unless_somebody_asks(plugin: NeedyPlugin) -> None:
    first = plugin.run("ask")
    make_wheel(plugin.wheels, "1.2.0")
    assert plugin.run("ask") == {"error": first["error"], "said": []}
    assert plugin.run("insist")["version"] == "1.2.0"
    assert not os.path.exists(plugin.data.install_failure)


def test_a_failure_counts_for_ten_minutes_and_for_its_own_packages(
    plugin: NeedyPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    failure = JsonFile(plugin.data.install_failure)

    def is_refused_at(time: float) -> bool:
        """Whether the failure at `now` keeps an attempt from being made, which fails as well, but anew."""
        failure.save({"packages": packages_name(plugin.lock), "at": now, "problem": "known"})
        with pytest.raises(DependencyError) as raised:
            Dependencies(plugin.data, str(plugin.folder), lambda *_: None, clock=lambda: time).ensure()
        return str(raised.value) == "known"

    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert is_refused_at(now + 599.0)
    assert not is_refused_at(now + 601.0)
    assert not is_refused_at(now - 3600.0)  # the clock was set back
    plugin.require("1.2.1")
    failure.save({"packages": "cpython-309-0badc0de", "at": now, "problem": "known"})
    with pytest.raises(DependencyError, match="could not be installed"):
        Dependencies(plugin.data, str(plugin.folder), lambda *_: None, clock=lambda: now + 1.0).ensure()


def test_who_waits_goes_on_by_itself_when_the_network_is_back(plugin: NeedyPlugin) -> None:
    plugin.environment["PLEXSYNC_INSTALL_RETRY_SECONDS"] = "2"
    process = plugin.start("wait")
    wait_until(lambda: os.path.exists(plugin.data.install_failure), "the first attempt to fail")
    make_wheel(plugin.wheels, "1.2.0")
    report = json.loads(process.communicate()[0])
    assert report["version"] == "1.2.0"
    assert [level for level, _ in report["said"]].count("error") == 1


def test_who_waits_goes_on_when_a_task_has_fetched_the_packages(plugin: NeedyPlugin) -> None:
    process = plugin.start("wait")
    wait_until(lambda: os.path.exists(plugin.data.install_failure), "the first attempt to fail")
    make_wheel(plugin.wheels, "1.2.0")
    assert plugin.run("insist")["version"] == "1.2.0"
    assert json.loads(process.communicate()[0])["version"] == "1.2.0"


def test_who_waits_leaves_where_another_python_has_the_packages(plugin: NeedyPlugin) -> None:
    process = plugin.start("wait")
    wait_until(lambda: os.path.exists(plugin.data.install_failure), "the first attempt to fail")
    os.unlink(plugin.data.install_failure)  # as the other Python does, whose task finds all that it needs
    assert "A Python other than" in json.loads(process.communicate()[0])["error"]


def test_a_task_that_has_the_packages_waits_for_a_drainer_that_may_not_have_them(plugin: NeedyPlugin) -> None:
    """Whoever relies on the lock of a drainer that leaves the jobs to another Python would strand them."""
    Path(plugin.requirements).write_text(f"pytest=={pytest.__version__}\n")
    JsonFile(plugin.data.install_failure).save({"problem": "known"})
    drainer = ProcessLock(plugin.data.drain_lock)
    assert drainer.acquire()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        drainer.release()

    for _ in range(2):
        Dependencies(plugin.data, str(plugin.folder), lambda *_: None, wait=wait).ensure(insist=True)
    assert waits == [LOOK_EVERY]


def test_nobody_waits_longer_than_an_hour(plugin: NeedyPlugin) -> None:
    now = 1_000_000.0
    JsonFile(plugin.data.install_failure).save({"packages": packages_name(plugin.lock), "at": now, "problem": "known"})
    times = iter([now] + [now + 0.1] * 6)
    dependencies = Dependencies(
        plugin.data,
        str(plugin.folder),
        lambda *_: None,
        clock=lambda: next(times, now + 3601.0),
        wait=lambda _: None,
    )
    with pytest.raises(DependencyError):
        dependencies.wait_for()


def test_who_waits_says_whether_the_packages_are_being_fetched_or_have_failed(
    plugin: NeedyPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    now = [1_000_000.0]
    told: list[bool] = []

    def wait(seconds: float) -> None:
        now[0] += 600.0

    dependencies = Dependencies(
        plugin.data, str(plugin.folder), lambda *_: None, clock=lambda: now[0], wait=wait, on_wait=told.append
    )
    with pytest.raises(DependencyError):
        dependencies.wait_for()
    assert told == [False, True] * 6 + [False]


def test_a_python_without_pip_makes_one_for_the_installation(plugin: NeedyPlugin, tmp_path: Path) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    python = bare_python(tmp_path / "bare", with_pip=False)
    report = plugin.run_with(python)
    assert report["version"] == "1.2.0"
    assert "has no pip" in report["said"][1][1]
    assert len(os.listdir(plugin.data.dependencies)) == 1


# --- where others may write


@posix_only
def test_packages_that_others_may_have_changed_are_not_loaded(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    plugin.run()
    Path(plugin.packages, "plexsync_example.py").write_text("VERSION = 'planted'\n", encoding="utf-8")
    Path(plugin.packages).chmod(0o777)
    report = plugin.run()
    assert report["version"] == "1.2.0"
    assert [text for level, text in report["said"] if level == "warning"] == [
        f"Others may write to {plugin.packages}. The packages that PlexSync needs are fetched anew."
    ]
    assert os.stat(plugin.packages).st_mode & 0o777 == 0o700


@posix_only
@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_what_is_fetched_is_private_whatever_the_umask(plugin: NeedyPlugin, mask: int) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    before = os.umask(mask)
    try:
        plugin.run()
    finally:
        os.umask(before)
    for folder in (plugin.data.dependencies, plugin.packages):
        assert os.stat(folder).st_mode & 0o077 == 0


@posix_only
@pytest.mark.parametrize("name", ["root", "dependencies"])
def test_a_folder_of_ours_above_them_is_made_private(plugin: NeedyPlugin, name: str) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    plugin.run()
    folder = Path(getattr(plugin.data, name))
    folder.chmod(0o777)
    assert plugin.run()["said"] == []
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives folders away")
@pytest.mark.parametrize("is_installed", [True, False])
def test_below_somebody_elses_folder_nothing_is_loaded_or_fetched(plugin: NeedyPlugin, is_installed: bool) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    if is_installed:
        plugin.run()
    os.chown(plugin.data.root, 12345, 12345)
    assert f"Others may write to {plugin.data.root}, " in plugin.run()["error"]


@posix_only
def test_of_the_systems_packages_those_that_others_may_change_are_fetched_privately(
    plugin: NeedyPlugin, tmp_path: Path
) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    python = bare_python(tmp_path / "bare")
    environment = {**plugin.environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([python, "-m", "pip", "install", "-q", f"{NAME}==1.2.0"], env=environment, check=True)
    found = Path(plugin.run_with(python)["from"])
    assert found.is_relative_to(tmp_path / "bare")
    found.parent.chmod(0o777)
    report = plugin.run_with(python)
    assert report["from"].startswith(plugin.packages + os.sep)
    assert report["said"][0] == [
        "warning",
        f"Others may write to {found.parent}. The packages that PlexSync needs are fetched anew.",
    ]


# --- killed, or at the same time


def test_a_kill_in_the_middle_leaves_nothing(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    with socket.create_server(("127.0.0.1", 0)) as slow_network:
        address = f"http://127.0.0.1:{slow_network.getsockname()[1]}/simple"
        working = plugin.environment
        plugin.environment = {**os.environ, "PIP_INDEX_URL": address}
        process = plugin.start()
        connection, _ = slow_network.accept()
        assert ProcessLock(plugin.data.install_lock).is_held_elsewhere()
        (pip,) = psutil.Process(process.pid).children()
        process.kill()
        process.communicate()
        pip.kill()
        connection.close()
    assert os.listdir(plugin.data.dependencies) == [f"{os.path.basename(plugin.packages)}.{process.pid}.new"]
    plugin.environment = working
    assert plugin.run()["version"] == "1.2.0"
    assert plugin.whole()


def test_a_kill_at_any_moment_leaves_all_or_nothing(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    moments = random.Random(4)
    for _ in range(12):
        process = plugin.start()
        try:
            process.wait(moments.uniform(0.1, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        if os.path.isdir(plugin.packages):
            assert {"plexsync_example.py", "plexsync_example-1.2.0.dist-info"} <= set(os.listdir(plugin.packages))
            shutil.rmtree(plugin.packages)
    assert plugin.run()["version"] == "1.2.0"
    assert plugin.whole()


def test_of_two_that_need_the_packages_one_installs_them(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    processes = [plugin.start() for _ in range(2)]
    reports = [json.loads(process.communicate()[0]) for process in processes]
    assert [report["version"] for report in reports] == ["1.2.0", "1.2.0"]
    done = [text for report in reports for _, text in report["said"] if text == "The packages are installed"]
    assert len(done) == 1


def test_of_two_whose_attempt_fails_one_makes_it(plugin: NeedyPlugin) -> None:
    processes = [plugin.start("ask") for _ in range(2)]
    reports = [json.loads(process.communicate()[0]) for process in processes]
    assert reports[0]["error"] == reports[1]["error"]
    attempts = [text for report in reports for _, text in report["said"] if text.startswith("Installing")]
    assert len(attempts) == 1


def test_the_command_changes_nothing_but_the_plugins_own_folder() -> None:
    command = pip_command(sys.executable, "the folder", "requirements.lock")
    assert command[:2] == [sys.executable, "-I"]
    assert command[3] == "install"
    assert command[-5:] == ["--require-hashes", "--target", "the folder", "-r", "requirements.lock"]
    assert "--break-system-packages" not in command


def test_nothing_happens_where_nothing_is_missing(plugin: NeedyPlugin) -> None:
    Path(plugin.requirements).write_text(f"pytest=={pytest.__version__}\n")
    said: list[tuple[str, str]] = []
    Dependencies(plugin.data, str(plugin.folder), lambda level, text: said.append((level, text))).ensure()
    assert said == []
    assert os.listdir(plugin.data.root) == ["queue"]
