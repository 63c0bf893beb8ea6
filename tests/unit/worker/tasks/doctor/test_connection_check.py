"""What the doctor finds: each fault ends the examination where the rest rests on it, and has its words."""

from __future__ import annotations

import errno
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.simulators.faults import maintenance, status
from tests.support.plex_examples import jwt_of
from tests.support.workbench import Workbench
from worker.status.standing import stored_gate
from worker.tasks.doctor.connection_check import SAMPLES, check_connection
from worker.tasks.views.settings_now import settings_problems
from worker.tasks.views.status_report import queue_status


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def examine(bench: Workbench) -> list[tuple[str, bool, str]]:
    """The findings in their order; the whole is well where each of them is."""
    result = check_connection(bench.workplace)
    assert result["ok"] == all(check["ok"] for check in result["checks"])
    return [(check["name"], check["ok"], check["detail"]) for check in result["checks"]]


def test_all_is_well(bench: Workbench) -> None:
    findings = examine(bench)
    packages = findings.pop(1)
    assert packages[:2] == ("Packages", True)
    assert "PlexAPI 4." in packages[2]
    assert findings == [
        ("Data folder", True, f"{bench.folder.root} is writable"),
        ("Stash", True, "version v0.30.1 answers"),
        ("Settings", True, "complete"),
        ("Plex", True, f"{bench.plex.url} answers, without TLS"),
        ("Token", True, "accepted"),
        ("Libraries", True, "Movies"),
        ("Sample scenes", True, "2 of 2 found in Plex"),
    ]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root may give a folder away")
def test_a_data_folder_of_another_user_is_told(bench: Workbench) -> None:
    os.chown(bench.folder.root, 12345, 12345)
    root = bench.folder.root
    said = f"{root} is writable, but belongs to user 12345, who may read all of it. To give it to Stash's user: chown"
    assert examine(bench)[0] == ("Data folder", True, f"{said} -R {os.geteuid()} {shlex.quote(root)}")


def test_libraries_that_are_left_out_are_named(bench: Workbench) -> None:
    bench.plex.add_section("Concerts", locations=["/media/concerts"])
    assert ("Libraries", True, "Movies, Concerts") in examine(bench)
    bench.configure(plex_library="Movies")
    assert ("Libraries", True, "Movies (plex_library leaves out Concerts)") in examine(bench)


def test_a_data_folder_that_cannot_be_written_is_said(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(tempfile, "TemporaryFile", mock.Mock(side_effect=full))
    name, is_well, detail = examine(bench)[0]
    assert (name, is_well) == ("Data folder", False)
    assert "cannot be used (No space left on device). Make room on its disk" in detail


@pytest.mark.parametrize(("platform", "is_said"), [("win32", True), ("linux", False), ("darwin", False)])
def test_what_was_not_checked_on_windows_is_said(bench: Workbench, platform: str, is_said: bool) -> None:
    check = check_connection(bench.workplace, platform)["checks"][0]
    assert (check["name"], check["ok"]) == ("Data folder", True)
    assert ("was not checked" in check["detail"]) == is_said


def revoke_token(bench: Workbench) -> None:
    bench.plex.token = "revoked"


FAULTS: dict[str, tuple[Callable[[Workbench], Any], str, str]] = {
    "Stash is away": (lambda bench: bench.stash.refuse(), "Stash", "cannot be reached"),
    "a setting is wrong": (lambda bench: bench.configure(max_tags="many"), "Settings", "max_tags"),
    "Plex is away": (lambda bench: bench.plex.refuse(), "Plex", "refused the connection"),
    "Plex is in maintenance": (lambda bench: bench.plex.inject(maintenance()), "Plex", "503"),
    "the token is wrong": (revoke_token, "Token", "rejected the token"),
    "a library is not there": (lambda bench: bench.configure(plex_library="Movi"), "Libraries", 'mean "Movies"?'),
    "Plex fails for a listing": (
        lambda bench: bench.plex.inject(status(500), prefix="/library/sections/1/all"),
        "Sample scenes",
        "500",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_ends_with_what_is_wrong_and_says_it(bench: Workbench, fault: str) -> None:
    act, name, words = FAULTS[fault]
    act(bench)
    *before, last = examine(bench)
    assert all(is_well for _, is_well, _ in before)
    assert (last[0], last[1]) == (name, False)
    assert words in last[2]


def test_paused_is_no_fault_but_said(bench: Workbench) -> None:
    bench.configure(paused=True)
    assert ("Settings", True, "complete, but paused is set. Nothing is sent until Pause is off") in examine(bench)


def test_only_the_newest_scenes_are_looked_up(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=SAMPLES + 1) as bench:
        bench.stash.library.change_scene(1, updated_at=bench.stash.clock.text(bench.clock.now - 1_000_000))
        bench.plex.remove_item(bench.keys[1])
        assert examine(bench)[-1] == ("Sample scenes", True, f"{SAMPLES} of {SAMPLES} found in Plex")


def test_a_library_without_scenes_is_no_fault(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        assert examine(bench)[-1] == ("Sample scenes", True, "0 of 0 found in Plex")


def test_samples_that_are_not_found_are_named(bench: Workbench) -> None:
    bench.add_scene(in_plex=False, title="t")
    assert examine(bench)[-2:] == [
        ("Sample scenes", False, "2 of 3 found in Plex"),
        ("Scene 3", False, "Plex has no file of this name. In Stash it is /data/scene-3.mp4"),
    ]


def test_what_scenes_have_in_common_is_said_once(bench: Workbench) -> None:
    for _ in range(5):
        bench.add_scene(in_plex=False, title="t")
    name, is_well, detail = examine(bench)[-1]
    assert (name, is_well) == ("5 scenes", False)
    assert detail.startswith("Plex has no file of this name. For example scene ")
    assert detail.count("/data/scene-") == 3


def test_with_hidden_paths_none_is_shown(bench: Workbench) -> None:
    bench.configure(obfuscate_paths=True)
    for each in range(3):
        bench.stash.add_scene(f"/data/vid/{each}.mp4", title="t")
        bench.plex.add_item(bench.section, f"/media/videos/{each}.mp4")
    result = check_connection(bench.workplace)
    assert result["path_map"] == ""
    assert not [word for word in ("/data/vid", "/media/videos") if word in str(result)]
    assert result["checks"][-1]["detail"] == (
        "A path_map would explain most of these. Turn off obfuscate_paths to see it"
    )


def add_moved_scenes(bench: Workbench, stash_folder: str, plex_folder: str) -> None:
    for each in range(3):
        bench.stash.add_scene(f"{stash_folder}/{each}.mp4", title="t")
        bench.plex.add_item(bench.section, f"{plex_folder}/{each}.mp4")


def test_a_path_map_that_cannot_be_set_is_not_suggested_but_explained(bench: Workbench) -> None:
    add_moved_scenes(bench, "/data/a;b", "/media/videos")
    result = check_connection(bench.workplace)
    assert result["path_map"] == ""
    assert result["checks"][-1] == {
        "name": "Path map",
        "ok": False,
        "detail": (
            "A path_map would explain most of these, but it cannot hold /data/a;b, because ; and => separate its "
            "folders and blanks at their ends are dropped. Rename the folder or its mount, then scan it in Stash and "
            "Plex"
        ),
    }


def test_with_hidden_paths_such_a_folder_is_hidden_too(bench: Workbench) -> None:
    bench.configure(obfuscate_paths=True)
    add_moved_scenes(bench, "/data/a;b", "/media/videos")
    result = check_connection(bench.workplace)
    assert "a;b" not in str(result)
    assert "cannot hold [path " in result["checks"][-1]["detail"]


def test_a_token_that_ends_by_itself_is_told_with_its_date(bench: Workbench) -> None:
    token = jwt_of(1_900_000_000)
    bench.plex.token = token
    bench.configure(plex_token=token)
    (found,) = [each for each in examine(bench) if each[0] == "Token"]
    assert found[1]
    assert found[2].startswith("accepted, but plex_token expires on 2030-03-1")
    assert settings_problems(bench.workplace) == []
    status = queue_status(bench.folder, bench.database, bench.clock.now, [])
    (problem,) = status["settings_problems"]
    assert found[2].endswith(problem)
    assert token not in json.dumps(status)
    assert (status["token_ends_at"], status["settings_problem_count"]) == (1_900_000_000.0, 0)
    bench.configure()
    bench.workplace.contexts.read_settings()
    assert queue_status(bench.folder, bench.database, bench.clock.now, [])["settings_problems"] == []


def test_a_token_that_is_not_the_owners_is_told(bench: Workbench) -> None:
    bench.plex.guest_token = "guest-token"
    bench.configure(plex_token="guest-token")
    assert examine(bench)[-1][:2] == ("Libraries", False)
    assert "not the owner's" in examine(bench)[-1][2]
    bench.enqueue(1, 2)
    bench.run_for(1800.0)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2], 0, [])
    assert "not the owner's" in stored_gate(bench.folder, bench.clock.now).breaker.cause
    bench.configure()
    bench.drain()
    assert bench.shows(1)


# --- names of tags


def tags_check(bench: Workbench, **settings: Any) -> tuple[bool, str] | None:
    bench.configure(**settings)
    return next(((ok, detail) for name, ok, detail in examine(bench) if name == "Tags"), None)


def test_names_that_stash_has_no_tag_for_are_named(bench: Workbench) -> None:
    for name in ("Private", "Raw film", "Meta"):
        bench.stash.tag_id(name)
    lists = {"exclude_tags": "private, Privat, Raw*", "tags_only": "Meta/, Mata/", "tags_except": "R*, X*"}
    found = tags_check(bench, **lists, collections_from="studio, tag:Meta, tag:Mate")
    assert found is not None
    assert found[0] is False
    assert 'has no tag "privat" (exclude_tags), "mata/" (tags_only), "x*" (tags_except), "mate" (coll' in found[1]


def test_where_all_are_there_that_is_said_and_without_a_list_nothing_is_asked(bench: Workbench) -> None:
    assert tags_check(bench) is None
    bench.stash.tag_id("Private")
    assert tags_check(bench, exclude_tags="Private") == (True, "Stash has a tag for each name in exclude_tags")
