"""Nothing grows for ever: a year, one day of each month of it. `python -m tests.faults --year` lives all of it."""

from __future__ import annotations

from pathlib import Path

from tests.faults.a_year import REBUILD_EVERY, live_a_year
from worker.upkeep.tidy_files import KEPT_CORRUPT

SCENES = 6
HALF, END = 180, 360


def test_a_year_with_rebuilds_stops_and_kills(tmp_path: Path) -> None:
    year = live_a_year(tmp_path, SCENES, edits=100, looks=(HALF, END), every=30)
    assert (year.rebuilds, year.wrong) == (END // REBUILD_EVERY, 0)
    half, end = year.by_day[HALF], year.by_day[END]
    # What is gone for less than a month is there still, and so is what the last rebuild left.
    assert end.rows["scene_state"] <= 2 * SCENES
    assert end.rows["item_state"] <= 3 * SCENES
    assert end.rows["missing"] <= 3 * SCENES
    # What was left behind on the last day is not old yet.
    assert end.bytes["files set aside"] <= (KEPT_CORRUPT + 1) * len("damaged")
    assert end.bytes["in the temporary folder"] <= half.bytes["in the temporary folder"]
    assert end.bytes["backups"] <= half.bytes["backups"]
    assert end.bytes["`plexsync.db` with its journal"] <= 1.5 * half.bytes["`plexsync.db` with its journal"]
