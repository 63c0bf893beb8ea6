"""What is in the file for whoever helps: everything that is needed, and nothing that names a scene or lets one in."""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from tests.support.workbench import TOKEN, Workbench
from validation.config import PlexSyncConfig
from worker.drain.parts import Workplace
from worker.errors import TaskError
from worker.process.log_setup import log_to_file_and_relay
from worker.tasks.doctor.diagnostics import LOG_BYTES, save_diagnostics
from worker.tasks.task import Task

PERSONAL = ("Qwertz", "Yxcvbn", "Asdfgh", "Poiuzt")
"""Words in every title, name and path of the bench, and nowhere in the code."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, plex_library="Qwertz", path_map="/data => /media", debug_logging=True) as made:
        made.plex.add_section("Qwertz", locations=["/media"])
        made.section = 2
        made.add_scene(title='Qwertz "Yxcvbn" first', details="Asdfgh", tags=["Poiuzt"])
        lost = made.stash.add_scene("/data/Asdfgh Qwertz/Poiuzt.mp4", title="Yxcvbn\nPoiuzt", details="d")
        handlers = logging.root.handlers[:]
        log_to_file_and_relay(made.folder)
        made.enqueue(1, lost.id)
        made.run_for(60)
        logging.getLogger("worker").error('Scene 1 "Qwertz\nYxcvbn": %s', "Asdfgh", exc_info=ValueError("Poiuzt"))
        logging.root.handlers[:] = handlers
        yield made


def saved(bench: Workbench, **args: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What the operation returns, and the texts in the file by name."""
    request = Request(bench.stash.server_connection(), {"mode": "save_diagnostics", **args})
    result = save_diagnostics(Task(bench.folder, request, bench.database, lambda: None, lambda: bench.workplace))
    with zipfile.ZipFile(result["file"]) as file:
        return result, {name: file.read(name).decode() for name in file.namelist()}


def test_it_holds_what_is_needed(bench: Workbench) -> None:
    result, contents = saved(bench)
    assert list(contents) == [
        "about.json", "sizes.json", "status.json", "outages.json", "settings.json", "doctor.json", "log.txt",
    ]  # fmt: skip
    assert any("PlexAPI 4." in package for package in json.loads(contents["about.json"])["packages"])
    assert "version v0.30.1 answers" in contents["doctor.json"]
    assert json.loads(contents["settings.json"])["plex_token"] == "set"
    assert json.loads(contents["sizes.json"])["queue"] > 10_000
    assert json.loads(contents["status.json"])["breaker"]["state"] == "closed"
    assert "Scene 1 …: Plex now shows" in contents["log.txt"]
    assert Path(result["file"]).parent == Path(bench.folder.reports)


def test_no_title_name_path_or_secret_is_in_it(bench: Workbench) -> None:
    everything = "\n".join(saved(bench)[1].values())
    found = [word for word in (*PERSONAL, TOKEN, "/data", "/media", bench.folder.root) if word in everything]
    assert found == []


def test_with_names_they_are_but_the_secrets_never(bench: Workbench) -> None:
    bench.configure(path_map=f"/data/{TOKEN} => /media")
    logging.getLogger("worker").info("x")
    contents = saved(bench, with_names="true")[1]
    assert all(word in contents["log.txt"] for word in PERSONAL)
    assert json.loads(contents["settings.json"])["plex_library"] == ["Qwertz"]
    assert TOKEN not in "\n".join(contents.values())


WRONG = {
    "max_tags": "Qwertz",
    "path_map": "/data/Qwertz",
    "plex_url": "http://Asdfgh:Poiuzt@nas/?X-Plex-Token=Yxcvbn",
    "reconcile_interval": "Qwertz",
    "plex_token": "Yxcvbn Asdfgh",
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_one_wrong_setting_hides_no_other(bench: Workbench, name: str) -> None:
    bench.configure(**{"label_all": "Stash", "exclude_tags": "Qwertz", name: WRONG[name]})
    contents = saved(bench)[1]
    settings = json.loads(contents["settings.json"])
    assert PlexSyncConfig.model_fields.keys() < settings.keys()
    assert (settings["label_all"], settings["plex_token"]) == ("Stash", "set")
    assert [problem for problem in settings["problems"] if name in problem]
    everything = "\n".join(contents.values())
    assert [word for word in (*PERSONAL, TOKEN, "/data", "//nas") if word in everything] == []
    with_names = saved(bench, with_names=True)[1]["settings.json"]
    assert json.loads(with_names)["exclude_tags"] in ("Qwertz", ["Qwertz"]) or "Qwertz" in with_names
    assert [word for word in (TOKEN, "Poiuzt", "Yxcvbn") if word in with_names] == []


def test_packages_that_do_not_load_are_named_and_the_rest_is_there(bench: Workbench) -> None:
    def fail() -> Workplace:
        raise ModuleNotFoundError("No module named 'Qwertz'")

    request = Request(bench.stash.server_connection(), {"mode": "save_diagnostics"})
    result = save_diagnostics(Task(bench.folder, request, bench.database, lambda: None, fail))
    with zipfile.ZipFile(result["file"]) as file:
        assert json.loads(file.read("doctor.json")).keys() == {"error", "packages"}
        assert {"about.json", "status.json", "log.txt"} < set(file.namelist())


def test_plexs_dialect_goes_along_where_it_was_written_down(bench: Workbench) -> None:
    Path(bench.folder.reports).mkdir(exist_ok=True)
    dialect = Path(bench.folder.reports, "plex-dialect.json")
    dialect.write_text('{"lists": "replace", "seen": "Qwertz"}', encoding="utf-8")
    assert json.loads(saved(bench)[1]["plex-dialect.json"]) == {"lists": "replace", "seen": "…"}


def test_servers_that_do_not_answer_are_what_it_is_about(bench: Workbench) -> None:
    bench.stash.refuse()
    bench.plex.refuse()
    contents = saved(bench)[1]
    assert "error" in json.loads(contents["settings.json"])
    assert any(not check["ok"] for check in json.loads(contents["doctor.json"])["checks"])


def test_a_long_log_is_cut_at_a_line(bench: Workbench) -> None:
    line = "2026-11-26 10:00:00,123 INFO worker: Scene 7\n"
    Path(bench.folder.log).write_text(line * (LOG_BYTES // len(line) + 100), encoding="utf-8")
    log = saved(bench)[1]["log.txt"]
    assert LOG_BYTES - len(line) < len(log) <= LOG_BYTES
    assert set(log.splitlines()) == {line.rstrip()}


def test_without_the_packages_there_is_all_that_needs_none(bench: Workbench) -> None:
    def fail() -> Workplace:
        raise TaskError("The packages are missing: No module named pip")

    request = Request(bench.stash.server_connection(), {"mode": "save_diagnostics"})
    result = save_diagnostics(Task(bench.folder, request, bench.database, lambda: None, fail))
    with zipfile.ZipFile(result["file"]) as file:
        assert "packages are missing" in file.read("doctor.json").decode()
        assert {"about.json", "status.json", "log.txt"} < set(file.namelist())
