"""What changes in Stash or Plex while a drainer lives is used from then on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.workbench import Workbench
from worker.drain.parts import Workplace
from worker.status.progress import Doing


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A drainer that has sent an edit: it knows both servers."""
    with Workbench(tmp_path, scenes=1) as made:
        made.enqueue(1)
        made.drain()
        yield made


def test_a_library_folder_that_is_added_in_stash_is_used(bench: Workbench) -> None:
    key = bench.plex.add_item(bench.plex.add_section("Films", locations=["/films"]), "/films/clip.mp4")
    bench.stash.library.roots = ["/data", "/more"]
    scene = bench.stash.add_scene("/more/clip.mp4", title="In a new folder", details="Summary")
    bench.enqueue(scene.id)
    bench.clock.now += 60.0
    bench.run_until(lambda: bench.plex.item(key).title == "In a new folder")


def test_folders_that_stay_as_they_are_change_nothing(bench: Workbench) -> None:
    contexts = bench.workplace.contexts
    before = contexts.current(0.0)
    assert contexts.current(0.0) is before
    bench.stash.library.roots = ["/data", "/more"]
    assert contexts.current(0.0) is not before


def test_what_another_process_has_read_is_used_at_once(bench: Workbench) -> None:
    """The page pauses, and reads the settings once more so that everybody knows."""
    contexts = bench.workplace.contexts
    assert not contexts.current(0.0).config.paused
    bench.configure(paused=True)
    assert not contexts.current(3_600.0).config.paused
    page = Workplace(bench.folder, bench.stash.server_connection(), bench.clock)
    page.contexts.read_settings()
    page.close()
    assert contexts.current(3_600.0).config.paused


def test_a_pause_holds_for_an_edit_just_after_it_and_ends_within_two_seconds(bench: Workbench) -> None:
    page = Workplace(bench.folder, bench.stash.server_connection(), bench.clock)
    bench.edit(1, details="Sent, so the drainer has just read the settings")
    bench.drain()
    bench.configure(paused=True)
    page.contexts.read_settings()
    bench.clock.now += 1.5
    bench.edit(1, details="Held")
    bench.step()
    assert (bench.item(1).summary != "Held", bench.worker.progress.doing) == (True, Doing.PAUSED)
    bench.configure(paused=False)
    page.contexts.read_settings()
    before = bench.clock.now
    bench.drain()
    assert (bench.item(1).summary, bench.clock.now - before <= 2.0) == ("Held", True)
    page.close()


def test_another_version_of_plex_is_noticed_while_the_drainer_lives(bench: Workbench) -> None:
    plex = bench.workplace.contexts.current(0.0).plex
    bench.plex.version = "1.99.0"
    plex.confirmed_identifier()
    assert plex.version == "1.99.0"
