"""*Save Diagnostics* as somebody presses it who was asked for help."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.support.bare_python import bare_python
from tests.support.buttons import operate, press
from tests.support.small_disk import fill, small_disk
from tests.world import STASH_ROOT, TOKEN, World

pytestmark = pytest.mark.slow

TITLE = "Qwertz Asdfgh"


def everything_in(zips: list[Path]) -> str:
    (path,) = zips
    with zipfile.ZipFile(path) as file:
        return "\n".join(file.read(name).decode() for name in file.namelist())


def test_one_file_without_a_secret_a_title_or_a_path(tmp_path: Path) -> None:
    with World(tmp_path, 3, debug_logging=True) as world:
        world.stash.password = True
        world.stash.api_key = "Sekr3t.api.key"
        lost = world.stash.add_scene(f"{STASH_ROOT}/Yxcvbn Poiuzt/lost.mp4").id
        world.edit(1, title=TITLE, details="d")
        world.edit(lost, title="Poiuzt", details="d")
        wait_until_logged(world, f'"{TITLE}": Plex now shows')
        wait_until_logged(world, "next try in")
        press(world, "Save Diagnostics")
        zips = list(Path(world.data.reports).glob("diagnostics-*.zip"))
        text = everything_in(zips)
        assert "Plex now shows" in text
        secrets = (TOKEN, "Sekr3t", "Qwertz", "Asdfgh", "Yxcvbn", "Poiuzt", "lost.mp4", STASH_ROOT, str(tmp_path))
        assert [each for each in secrets if each in text] == []
        assert f"saved in {zips[0]}" in world.logged()


def make_it_full(world: World) -> None:
    operate(world, "queue_status", quiet=True)  # whoever closes the queue last gives the room of its journal back
    world.kill_drainer()
    fill(Path(world.data.root, "filler"))


def have_it_written_by_a_newer_version(world: World) -> None:
    with closing(sqlite3.connect(Path(world.data.queue, "plexsync.db"))) as database:
        database.execute("PRAGMA user_version = 99")


def put_a_file_in_its_place(world: World) -> None:
    queue = Path(world.data.queue)
    shutil.rmtree(queue)
    queue.touch()


@pytest.mark.parametrize(
    "spoil", [make_it_full, have_it_written_by_a_newer_version, put_a_file_in_its_place], ids=lambda made: made.__name__
)
@pytest.mark.parametrize("has_packages", [True, False], ids=["packages", "none"])
def test_it_is_saved_where_the_data_folder_is_what_is_wrong(
    tmp_path: Path, spoil: Callable[[World], None], has_packages: bool
) -> None:
    python = sys.executable if has_packages else bare_python(tmp_path / "bare", with_pip=False)
    with World(tmp_path, 1) as world, small_disk(Path(world.data.root), "3m"):
        world.edit(1, title=TITLE, details="d")
        wait_until_in_step(world, [1])
        world.kill_drainer()
        spoil(world)
        world.stash.plugins.python = python
        world.stash.plugins.environment["PIP_NO_INDEX"] = "1"
        result = operate(world, "save_diagnostics")
        world.kill_drainer()
        assert result["asset"] == f"live/{Path(result['file']).name}"
        with zipfile.ZipFile(Path(world.data.live, Path(result["file"]).name)) as file:
            texts = {name: file.read(name).decode() for name in file.namelist()}
        assert {"about.json", "sizes.json", "doctor.json", "log.txt"} <= texts.keys()
        assert "status.json" in texts or json.loads(texts["data-folder.json"])["error"]
        assert [word for word in (TOKEN, "Qwertz", str(tmp_path)) if word in "\n".join(texts.values())] == []
