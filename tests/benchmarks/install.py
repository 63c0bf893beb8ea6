"""How long from the unpacked zip to the first edit in Plex on a Python without packages, and how much that fetches."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.report import Row, Table
from tests.benchmarks.timing import Sample, sample
from tests.support.bare_python import bare_python, unzip_plugin
from tests.world import PROJECT, World, wait_until
from tools.dist import build_zip, moment_of

ROUNDS = 3
PATIENCE = 300.0
TEXT = (
    "Seconds from the save of the first edit, the zip just unpacked into an empty plugins folder, until Plex shows it, "
    f"on a Python without packages, {ROUNDS} times. The drainer fetches them from the package index first, so most of "
    "it is the network's time. The reference is the same with the packages there: a drainer that has to be started, "
    "and a Plex that is not indexed yet."
)


def measure(folder: Path) -> Table:
    """The table of the installation."""
    with_pip = bare_python(folder / "with pip")
    without_pip = bare_python(folder / "without pip", with_pip=False)
    rows = []
    for name, python in (("with pip", with_pip), ("without pip", without_pip)):
        first, later, kilobytes = _rounds(folder / name / "worlds", python)
        ratio = f"{first.median / later.median:.1f}"
        rows.append(Row(f"first edit, {name}", _seconds(first), f"packages there: {_seconds(later)}", ratio))
    size = len(build_zip(PROJECT, moment_of(PROJECT)))
    rows.append(Row("size of the zip (not compressed)", f"{size / 1000:,.0f} kB"))
    rows.append(Row("packages on disk", f"{kilobytes:,.0f} kB"))
    return Table("install", "From the zip to the first edit in Plex", TEXT, tuple(rows))


def _rounds(folder: Path, python: str) -> tuple[Sample, Sample, float]:
    """Seconds of first edits, of edits once the packages are there, and the packages' kilobytes."""
    first, later = [], []
    for number in range(ROUNDS):
        with World(folder / str(number), scenes=2, python=python, install=unzip_plugin) as world:
            first.append(_until_shown(world, 1))
            world.kill_drainer()
            Path(world.data.file_index).unlink()
            later.append(_until_shown(world, 2))
            files = [file for file in Path(world.data.dependencies).rglob("*") if file.is_file()]
            kilobytes = sum(file.stat().st_size for file in files) / 1000
    return sample(first), sample(later), kilobytes


def _until_shown(world: World, scene_id: int) -> float:
    title = f"Edit of scene {scene_id}"
    started = time.perf_counter()
    world.edit(scene_id, title=title, details="d")
    wait_until(lambda: world.item(scene_id).title == title, title, PATIENCE)
    return time.perf_counter() - started


def _seconds(values: Sample) -> str:
    return values.shown("s", decimals=1)
