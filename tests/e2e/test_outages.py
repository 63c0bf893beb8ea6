"""Plex is away for a whole drain: nothing is given up, no retry is counted, and everything arrives by itself later.

An outage takes a quarter of a minute, nearly all of it waiting for the next probe: so all kinds of outages are lived
through at the same time, each in a world of its own, and the tests look at what became of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.faults import drop, hang, maintenance, status
from tests.support.agreement import disagreements, job_rows, wait_until_logged
from tests.support.watchful_plex import WatchfulPlex
from tests.world import TOKEN, World, wait_until

SCENES = 12
OPENED = "Circuit breaker opened"
STILL_DOWN = "Plex is still not well"
REOPENED = "re-opened"
RECOVERED = "Plex recovered"

End = Callable[[], object]


def refuse(world: World) -> End:
    """Plex is switched off."""
    world.plex.refuse()
    return world.plex.accept


def reject_token(world: World) -> End:
    """The token is no longer valid."""
    world.plex.token = "revoked"
    return lambda: setattr(world.plex, "token", TOKEN)


def faulty(fault: Any) -> Callable[[World], End]:
    """Plex answers every request in the same bad way."""
    return lambda world: world.plex.inject(fault).remove


KINDS: dict[str, Callable[[World], End]] = {
    "refuses": refuse,
    "hangs": faulty(hang()),
    "is in maintenance (503)": faulty(maintenance()),
    "rejects the token (401)": reject_token,
    "is behind a proxy that says 502": faulty(status(502)),
    "hangs up": faulty(drop()),
}


@dataclass
class Story:
    """What became of one outage.

    seen_while_away: paths that were asked for between the breaker's opening and the end of the outage.
    retries: retry counts of all jobs, before and after the end.
    """

    log: str
    saves: list[Any]
    task: dict[str, Any]
    seen_while_away: set[str]
    retries: set[int]
    buried: int
    missing: list[str]
    repeated: list[str]


def live_through(begin: Callable[[World], End], folder: Path) -> Story:
    """Edit scenes; let an outage begin in the middle of the drain; edit more; end it after the first failed probe."""
    plex = WatchfulPlex(token=TOKEN, latency=0.01)
    settings: dict[str, Any] = {"read_timeout": 1.0, "connect_timeout": 0.5, "debug_logging": True}
    with World(folder, SCENES, plex=plex, idle_seconds=60.0, **settings) as world:
        for scene_id in range(1, SCENES - 2):
            world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
        world.edit(SCENES - 2, title="The first that is heard of", details="d")
        world.stash.bulk_save(range(1, SCENES - 2), rating100=50)
        wait_until(lambda: plex.count("PUT") >= 3, "the drain to be under way")
        end = begin(world)
        wait_until_logged(world, OPENED)
        plex.reset_log()
        for scene_id in (SCENES - 1, SCENES):
            world.edit(scene_id, title=f"Title {scene_id}", details="Edited while Plex is away")
        task = world.stash.run_operation("PlexSync", mode="process_queue")
        wait_until(lambda: STILL_DOWN in world.logged() or REOPENED in world.logged(), "a probe to fail")
        seen = {request.path for request in plex.requests}
        retries = {row["retry_count"] for row in job_rows(world)}
        end()
        world.wait_until_drained()
        wait_until_logged(world, RECOVERED)
        return Story(
            log=Path(world.data.log).read_text(encoding="utf-8"),
            saves=[run.output for run in world.stash.runs if run.kind == "hook"],
            task=task,
            seen_while_away=seen,
            retries=retries | {row["retry_count"] for row in job_rows(world)},
            buried=world.dead_letters().get_count(),
            missing=disagreements(world, range(1, SCENES + 1)),
            repeated=plex.repeated,
        )


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Story]]]:
    """Every kind of outage, all at the same time."""
    with ThreadPoolExecutor(len(KINDS)) as pool:
        yield {
            kind: pool.submit(live_through, begin, tmp_path_factory.mktemp("world")) for kind, begin in KINDS.items()
        }


@pytest.fixture(params=KINDS)
def story(stories: dict[str, Future[Story]], request: pytest.FixtureRequest) -> Story:
    """One of them."""
    return stories[request.param].result()


def test_everything_arrives_by_itself(story: Story) -> None:
    assert story.missing == []


def test_no_job_is_buried(story: Story) -> None:
    assert story.buried == 0


def test_no_retry_is_counted(story: Story) -> None:
    assert story.retries == {0}


def test_nothing_is_written_twice(story: Story) -> None:
    assert story.repeated == []


def test_saves_go_on(story: Story) -> None:
    assert set(story.saves) == {"ok"}


def test_the_outage_and_its_end_are_said_once(story: Story) -> None:
    assert (story.log.count(OPENED), story.log.count(RECOVERED)) == (1, 1)


def test_plex_is_probed_and_otherwise_left_in_peace(story: Story) -> None:
    assert story.seen_while_away <= {"/identity", "/"}


def test_process_queue_does_not_wait_for_the_outage_to_end(story: Story) -> None:
    assert story.task["waiting"] > 0
    assert "Plex" in story.task["reason"]


def test_a_drainer_killed_in_mid_outage_changes_nothing_of_that(tmp_path: Path) -> None:
    with World(tmp_path, 3, idle_seconds=60.0) as world:
        world.plex.refuse()
        world.edit(1, title="Before", details="d")
        wait_until_logged(world, OPENED)
        assert world.kill_drainer() == 1
        world.edit(2, title="After", details="d")
        world.plex.accept()
        world.wait_until_drained()
        assert disagreements(world, [1, 2]) == []
        assert {row["retry_count"] for row in job_rows(world)} == {0}
        assert world.dead_letters().get_count() == 0
        assert world.logged().count(OPENED) <= 2  # once in the file, once as passed on to Stash


def test_a_job_that_plex_cannot_do_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with World(tmp_path, 6) as world:
        world.plex.inject(status(500), prefix="/:/rate")
        world.edit(1, rating100=20)
        for scene_id in range(2, 7):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until(lambda: disagreements(world, range(2, 7)) == [], "the others to arrive")
        wait_until(lambda: world.open_jobs() == 1, "all but that one to be settled")
