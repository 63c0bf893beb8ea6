"""How scenes stand with Plex: every verdict, what differs in which field, and at what cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plex.exceptions import PlexServerDown, PlexTemporaryError
from sync_queue.state.sync_state import ItemState, SyncState
from tests.simulators.faults import Fault, drop, hang, maintenance, status
from tests.support.workbench import Workbench, only_for
from worker.circuit_breaker import FAILURE_THRESHOLD
from worker.sync.comparison import Comparison, Difference, SceneComparison, Verdict

UNKNOWN_SCENE = 999


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Scenes 1 and 2 are in step with Plex."""
    with Workbench(tmp_path, scenes=2, read_timeout=1.0) as made:
        made.enqueue(1, 2)
        made.drain()
        yield made


def comparison(bench: Workbench) -> Comparison:
    return Comparison(bench.workplace.contexts.current(max_age=0.0), bench.database)


def compare(bench: Workbench, scene_id: int) -> SceneComparison:
    return comparison(bench).compare([scene_id])[0]


def in_step(_bench: Workbench) -> int:
    return 1


def edited(bench: Workbench) -> int:
    bench.stash.save_without_hook(1, title="New title", rating100=85)
    return 1


def changed_in_plex(bench: Workbench) -> int:
    bench.plex.edit_as_user(bench.keys[1], genres=("Drama",), summary="Typed in Plex")
    return 1


def emptied_after_a_sync(bench: Workbench) -> int:
    bench.stash.save_without_hook(1, details="")
    return 1


def not_in_plex(bench: Workbench) -> int:
    return bench.add_scene(in_plex=False, title="Not scanned yet", details="d")


def ambiguous(bench: Workbench) -> int:
    for folder in ("new", "old"):
        bench.plex.add_item(bench.section, f"/media/{folder}/sub/film.mp4")
    return bench.stash.add_scene("/data/sub/film.mp4", title="Which?", details="d").id


def only_the_files_name(bench: Workbench) -> int:
    return bench.add_scene(title="scene-3")


def only_a_title(bench: Workbench) -> int:
    return bench.add_scene(title="Typed by hand")


def without_file(bench: Workbench) -> int:
    return bench.stash.add_scene(title="A plan", details="d").id


def deleted(_bench: Workbench) -> int:
    return UNKNOWN_SCENE


def shown_in_plex_own_form(bench: Workbench) -> int:
    bench.plex.edit_as_user(bench.keys[1], title="TITLE 1")
    state = ItemState(bench.keys[1], shown={"title": "TITLE 1"}, asked={"title": "Title 1"})
    context = bench.workplace.contexts.current(max_age=0.0)
    SyncState(bench.database, context.plex.machine_identifier).save_items([state])
    return 1


@pytest.mark.parametrize(
    ("arrange", "verdict", "fields"),
    [
        (in_step, Verdict.IN_STEP, []),
        (edited, Verdict.DIFFERS, [("title", "Title 1", "New title"), ("rating", None, 8.5)]),
        (changed_in_plex, Verdict.DIFFERS, [("summary", "Typed in Plex", "Summary 1"), ("tags", ("Drama",), ())]),
        (emptied_after_a_sync, Verdict.DIFFERS, [("summary", "Summary 1", "")]),
        (shown_in_plex_own_form, Verdict.IN_STEP, []),
        (not_in_plex, Verdict.NOT_IN_PLEX, []),
        (ambiguous, Verdict.AMBIGUOUS, []),
        (only_the_files_name, Verdict.NOTHING_TO_SYNC, []),
        (only_a_title, Verdict.DIFFERS, [("title", "scene-3", "Typed by hand")]),
        (without_file, Verdict.NOTHING_TO_SYNC, []),
        (deleted, Verdict.GONE, []),
    ],
)
def test_verdicts(
    bench: Workbench, arrange: Callable[[Workbench], int], verdict: Verdict, fields: list[tuple[str, object, object]]
) -> None:
    result = compare(bench, arrange(bench))
    assert result.verdict is verdict
    assert [(each.field, each.was, each.will_be) for each in result.differences] == fields


def test_the_settings_count_as_in_a_sync(bench: Workbench) -> None:
    changed_in_plex(bench)
    bench.configure(skip_fields="summary")
    assert [each.field for each in compare(bench, 1).differences] == ["tags"]
    bench.configure(preserve_plex_edits=True)
    assert compare(bench, 1).verdict is Verdict.IN_STEP


def test_the_candidates_of_an_ambiguous_match_are_named(bench: Workbench) -> None:
    result = compare(bench, ambiguous(bench))
    assert set(result.candidates) == {"/media/new/sub/film.mp4", "/media/old/sub/film.mp4"}
    assert (result.title, result.path) == ("Which?", "/data/sub/film.mp4")


def test_each_item_of_a_scene_is_compared(bench: Workbench) -> None:
    bench.configure(allow_ambiguous_matches=True)
    result = compare(bench, ambiguous(bench))
    assert len({each.rating_key for each in result.differences}) == 2


def test_the_results_come_in_the_order_asked_for(bench: Workbench) -> None:
    arranged = [without_file(bench), 2, UNKNOWN_SCENE, not_in_plex(bench), 1]
    assert [result.scene_id for result in comparison(bench).compare(arranged)] == arranged


def test_a_difference_names_the_item(bench: Workbench) -> None:
    emptied_after_a_sync(bench)
    assert compare(bench, 1).differences == (Difference(bench.keys[1], "summary", "Summary 1", ""),)


# --- it only reads, and little


def test_it_changes_neither_plex_nor_the_queue_nor_the_state(bench: Workbench) -> None:
    arranged = [1, not_in_plex(bench), ambiguous(bench), UNKNOWN_SCENE]
    edited(bench)
    before = (bench.plex.snapshot(), list(bench.database.connection.iterdump()))
    bench.plex.reset_log()
    comparison(bench).compare(arranged)
    assert {request.method for request in bench.plex.requests} == {"GET"}
    assert (bench.plex.snapshot(), list(bench.database.connection.iterdump())) == before


def test_scenes_in_step_cost_at_most_a_twentieth_of_a_request(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=100) as bench:
        bench.enqueue(*bench.keys)
        bench.drain()
        compared = comparison(bench)
        bench.plex.reset_log()
        results = [result for page in (range(1, 51), range(51, 101)) for result in compared.compare(page)]
        assert {result.verdict for result in results} == {Verdict.IN_STEP}
        assert bench.plex.count() <= 0.05 * len(results)


# --- a Plex that fails


@pytest.mark.parametrize("fault", [*map(status, (400, 500, 504)), drop(), hang()])
def test_a_scene_that_plex_fails_for_does_not_spoil_the_rest(bench: Workbench, fault: Fault) -> None:
    injected = bench.plex.inject(only_for([bench.keys[2]], fault), prefix="/library/metadata/")
    failed, well = comparison(bench).compare([2, 1])
    assert (failed.verdict, well.verdict) == (Verdict.FAILED, Verdict.IN_STEP)
    assert failed.reason
    injected.stop()


@pytest.mark.parametrize("fault", [*map(status, (400, 500, 504))])
def test_nor_is_it_the_whole_library_where_it_is_alone(bench: Workbench, fault: Fault) -> None:
    """The last page of a run may hold one scene only."""
    bench.plex.inject(only_for([bench.keys[2]], fault), prefix="/library/metadata/")
    (failed,) = comparison(bench).compare([2])
    assert failed.verdict is Verdict.FAILED


@pytest.mark.slow
def test_a_plex_that_is_silent_is_not_asked_for_each(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=10, read_timeout=1.0) as bench:
        injected = bench.plex.inject(hang(), prefix="/library/metadata/")
        with pytest.raises(PlexTemporaryError):
            comparison(bench).compare(list(bench.keys))
        asked = [request for request in bench.plex.requests if request.path.startswith("/library/metadata/")]
        assert len(asked) == 1 + FAILURE_THRESHOLD
        injected.stop()


@pytest.mark.parametrize(
    ("fault", "error"),
    [(status(500), PlexTemporaryError), (hang(), PlexTemporaryError), (maintenance(), PlexServerDown)],
)
def test_a_plex_that_fails_for_all_is_no_finding(bench: Workbench, fault: Callable[..., object], error: type) -> None:
    injected = bench.plex.inject(fault, prefix="/library/metadata/")  # type: ignore[arg-type]
    with pytest.raises(error):
        comparison(bench).compare([1, 2])
    injected.stop()
