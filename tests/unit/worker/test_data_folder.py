"""Where everything is kept, and how paths look in logs."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from sync_queue.database import open_queue_database
from worker.base.paths import shown_path
from worker.data_folder import ENVIRONMENT_VARIABLE, DataFolder, StandIn, data_folder


def test_it_is_beside_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    assert data_folder(str(tmp_path)).root == str(tmp_path / "data")


def test_the_environment_overrides_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STASH_PLUGIN_DATA", str(tmp_path / "elsewhere"))
    assert data_folder("/plugins/PlexSync").root == str(tmp_path / "elsewhere")


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_an_empty_variable_overrides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, blank)
    assert data_folder(str(tmp_path)).root == str(tmp_path / "data")


@pytest.mark.parametrize("named", ["relative", "~/x", "~", "./a/../b", "~no such user~/x", " /absolute ", "ü/ b"])
def test_every_process_takes_the_same_folder_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, named)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    roots = set()
    for place in (tmp_path / "stash", tmp_path / "plugin"):
        place.mkdir()
        monkeypatch.chdir(place)
        roots.add(os.path.abspath(data_folder(str(tmp_path / "plugin")).root))
    assert len(roots) == 1


def test_a_relative_one_begins_in_the_plugins_folder_and_a_tilde_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    for named, meant in (("relative", tmp_path / "relative"), ("~/x", tmp_path / "home" / "x")):
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, named)
        assert Path(data_folder(str(tmp_path)).root) == meant


@pytest.mark.parametrize(
    "named", ['"{home}/x"', "'{home}/x'", "$HOME/x", "${HOME}/x", '"$HOME/x"', '"~/x"', ' "{home}/x" ', '" ~/x "']
)
def test_what_a_shell_would_have_taken_away_is_no_part_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Docker hands on what stands in a compose file's list or in an env file as it is."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, named.replace("{home}", str(tmp_path / "home")))
    assert Path(data_folder(str(tmp_path)).root) == tmp_path / "home" / "x"


@pytest.mark.parametrize("named", ['""', "''", '" "'])
def test_quotes_around_nothing_are_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, named)
    assert Path(data_folder(str(tmp_path)).root) == tmp_path / "data"


def test_a_quote_within_a_name_is_a_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "Bob's"))
    assert Path(data_folder(str(tmp_path)).root) == tmp_path / "Bob's"


def test_naming_it_creates_nothing(tmp_path: Path) -> None:
    DataFolder(str(tmp_path / "data"))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = DataFolder(str(tmp_path / "data"))
        folder.create()
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(folder.root).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(folder.queue).st_mode) == 0o700


def test_creating_it_again_keeps_what_is_in_it(tmp_path: Path) -> None:
    folder = DataFolder(str(tmp_path / "a" / "data"))
    folder.create()
    Path(folder.breaker).write_text("{}")
    folder.create()
    assert os.path.exists(folder.breaker)


def test_one_that_cannot_be_made_is_an_error_for_who_uses_it(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in its place")
    folder = DataFolder(str(tmp_path / "data"))
    folder.create()
    with pytest.raises(OSError, match="data"):
        open_queue_database(folder.queue)


def test_a_stand_in_is_another_folder_that_knows_why(tmp_path: Path) -> None:
    folder = DataFolder("/data")
    assert (folder.fault, folder.stands_for) == ("", None)
    stand_in = StandIn(str(tmp_path), "/data cannot be used", folder)
    assert (stand_in.root, stand_in.fault, stand_in.stands_for) == (str(tmp_path), "/data cannot be used", folder)


def test_everything_is_within_it_and_no_two_things_are_one(tmp_path: Path) -> None:
    names = [path for name, path in vars(DataFolder(str(tmp_path))).items() if name != "root" and "live" not in name]
    assert len(set(names)) == len(names)
    assert all(path.startswith(str(tmp_path) + os.sep) for path in names)


# --- paths in logs


def test_paths_are_shown_as_they_are() -> None:
    assert shown_path("/data/a b/ä.mp4", obfuscate=False) == "/data/a b/ä.mp4"


def test_hidden_paths_can_be_told_apart_and_nothing_else() -> None:
    one, other = "/data/secret/name.mp4", "/data/secret/other.mp4"
    shown = shown_path(one, obfuscate=True)
    assert shown == shown_path(one, obfuscate=True) != shown_path(other, obfuscate=True)
    assert shown.endswith(".mp4")
    assert not any(part in shown for part in ("data", "secret", "name"))


def test_a_path_that_is_no_text_can_be_hidden_too() -> None:
    assert shown_path("/data/\udcff.mkv", obfuscate=True).endswith(".mkv")
