"""*Save Diagnostics* as somebody presses it who was asked for help."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.support.agreement import wait_until_logged
from tests.support.buttons import press
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
