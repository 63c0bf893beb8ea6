"""What is known of scenes, items and servers that are gone, over months: when it goes, and what is never believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plex.files.index import SECONDS_BETWEEN_SWEEPS
from storage.json_file import JsonFile
from sync_queue.state.pins import Pin, Pins
from sync_queue.state.server_knowledge import NameForm, ServerKnowledge
from sync_queue.state.sync_state import SyncState
from tests.support.workbench import Workbench
from worker.upkeep.tidy_files import DAY
from worker.upkeep.tidying import BELIEVED_AFTER, RETRY_AFTER, SERVER_KEPT, Tidying

SCENES = 4


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Every scene is synced, and the first day of all is over."""
    with Workbench(tmp_path, scenes=SCENES) as made:
        made.enqueue(*made.keys)
        made.drain()
        tidy(made)
        yield made


def tidying(bench: Workbench) -> Tidying:
    """That of a drainer which has just begun."""
    store = JsonFile(bench.folder.tidying, bench.clock)
    return Tidying(bench.folder, bench.workplace.contexts, bench.database, store, bench.clock)


def tidy(bench: Workbench, days: float = 0.0) -> int:
    """Let time pass and tidy up once; returns how many steps that took."""
    bench.clock.now += days * DAY
    made = tidying(bench)
    steps = 0
    while made.step_if_due():
        steps += 1
    return steps


def tidy_daily(bench: Workbench, seconds: float) -> None:
    for _ in range(int(seconds / DAY)):
        tidy(bench, 1)


def known_scenes(bench: Workbench) -> list[int]:
    return sorted(SyncState(bench.database, "").scenes(list(range(1, 100))))


def known_items(bench: Workbench) -> set[int]:
    """Scenes of whose first item old values are known."""
    state = SyncState(bench.database, bench.plex.machine_identifier)
    return {scene_id for scene_id, key in bench.keys.items() if state.items([key])[key].originals}


def refresh_index(bench: Workbench) -> None:
    bench.clock.now += SECONDS_BETWEEN_SWEEPS
    bench.workplace.contexts.current(0).index.refresh(force=True)


# --- when


def test_it_is_done_once_a_day_and_not_on_the_first(bench: Workbench) -> None:
    assert tidy(bench) == 0
    assert tidy(bench, 1) > 0
    assert tidy(bench, 0.9) == 0
    assert tidy(bench, 0.1) > 0


def test_the_worker_does_it_while_nothing_is_due(bench: Workbench) -> None:
    Path(bench.folder.backups).mkdir()
    old = Path(bench.folder.backups, "pending-queue-x.json")
    old.touch()  # at the real time, which is far from the bench's
    bench.clock.now += max(0.0, old.stat().st_mtime - bench.clock.now) + 100 * DAY
    bench.restart()
    bench.run_for(60)
    assert not old.exists()


def test_a_stash_that_does_not_answer_puts_it_off(bench: Workbench) -> None:
    made = tidying(bench)
    bench.clock.now += DAY
    bench.stash.refuse()
    bench.workplace.contexts._read_at = None
    while made.step_if_due():
        pass
    bench.stash.accept()
    assert not made.step_if_due()
    bench.clock.now += RETRY_AFTER
    assert made.step_if_due()


def test_a_clock_that_was_set_back_does_not_put_it_off(bench: Workbench) -> None:
    tidy(bench, 400)
    assert tidy(bench, -400) > 0


# --- scenes


def test_a_scene_that_is_gone_for_a_month_is_forgotten(bench: Workbench) -> None:
    bench.stash.library.remove_scene(2)
    Pins(bench.database, "server").set(Pin(2, 5, ("/media/x.mp4",)))
    tidy_daily(bench, BELIEVED_AFTER)
    assert known_scenes(bench) == [1, 2, 3, 4]
    tidy(bench, 1)
    assert known_scenes(bench) == [1, 3, 4]
    assert Pins(bench.database, "server").all() == []


def test_the_old_values_stay_for_as_long_as_the_item_is_in_plex(bench: Workbench) -> None:
    bench.stash.library.remove_scene(2)
    tidy_daily(bench, BELIEVED_AFTER * 4)
    assert known_items(bench) == {1, 2, 3, 4}


def test_a_stash_that_is_empty_for_some_days_is_not_believed(bench: Workbench) -> None:
    scenes = dict(bench.stash.library.scenes)
    for _ in range(3):
        bench.stash.library.scenes.clear()
        tidy_daily(bench, BELIEVED_AFTER - DAY)
        bench.stash.library.scenes.update(scenes)
        tidy(bench, 1)
    assert known_scenes(bench) == [1, 2, 3, 4]


def test_a_stash_that_stays_empty_is(bench: Workbench) -> None:
    bench.stash.library.scenes.clear()
    tidy_daily(bench, BELIEVED_AFTER + DAY)
    assert known_scenes(bench) == []


# --- items


def test_an_item_of_a_gone_scene_is_forgotten_once_plex_does_not_have_it(bench: Workbench) -> None:
    bench.stash.library.remove_scene(2)
    bench.plex.remove_item(bench.keys[2])
    bench.plex.remove_item(bench.keys[3])
    refresh_index(bench)
    tidy_daily(bench, BELIEVED_AFTER + 2 * DAY)
    assert known_items(bench) == {1, 3, 4}, "scene 3 leads there still"


def test_an_item_that_the_index_lacks_but_plex_has_is_kept(bench: Workbench) -> None:
    """The index knows only the libraries of the settings."""
    bench.stash.library.remove_scene(2)
    bench.workplace.contexts.current(0).index.forget(bench.keys[2])
    tidy_daily(bench, BELIEVED_AFTER * 2)
    assert known_items(bench) == {1, 2, 3, 4}


def test_an_index_that_is_empty_for_some_days_is_not_believed(bench: Workbench) -> None:
    index = bench.workplace.contexts.current(0).index
    bench.stash.library.remove_scene(2)
    tidy_daily(bench, BELIEVED_AFTER + 2 * DAY)
    index.forget(bench.keys[2])
    bench.plex.refuse()
    tidy_daily(bench, BELIEVED_AFTER - DAY)
    bench.plex.accept()
    tidy(bench, 1)
    assert known_items(bench) == {1, 2, 3, 4}


# --- servers


def test_another_server_is_forgotten_after_a_year(bench: Workbench) -> None:
    old = bench.plex.machine_identifier
    ServerKnowledge(bench.database, old).save_forms([NameForm("tags", "a", "A")])
    bench.plex.machine_identifier = "another"
    bench.restart()
    tidy(bench, 1)
    tidy(bench, SERVER_KEPT / DAY - 1)
    assert SyncState(bench.database, old).items_of_scenes([1])
    tidy(bench, 1)
    assert not SyncState(bench.database, old).items_of_scenes([1])
    assert ServerKnowledge(bench.database, old).forms(["a"]) == []
