"""A Plex that makes another name of one that it is sent: that is its own form, said once, and written once."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue_many, enqueue_undo
from sync_queue.state.sync_state import SyncState
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Verdict

AN_HOUR = 3600.0
Mangle = Callable[[str, str], str]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        made.plex.change_dialect(tag_names="rewritten")
        yield made


def sync_all(bench: Workbench) -> int:
    """What the button does; returns how many edits it took."""
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    enqueue_many(bench.database, list(bench.keys), "all", bench.clock.now)
    bench.drain()
    return bench.plex.count("PUT")


def tag(bench: Workbench, *names: str, scene_id: int = 1) -> None:
    bench.stash.save_without_hook(scene_id, tag_ids=[bench.stash.tag_id(name) for name in names])


def refused(bench: Workbench) -> set[str]:
    states = SyncState(bench.database, bench.plex.machine_identifier).items(list(bench.keys.values()))
    return {name for state in states.values() for name in state.refused}


def verdicts(bench: Workbench) -> set[Verdict]:
    context = bench.workplace.contexts.current(max_age=0.0)
    return {each.verdict for each in Comparison(context, bench.database, bench.clock).compare(list(bench.keys))}


def test_one_name_that_comes_for_one_that_stays_away_is_its_form(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.edit_as_user(bench.keys[1], lock=False, genres=["Old"])
    for scene_id in bench.keys:
        tag(bench, "Fun & Games", "Other", scene_id=scene_id)
    assert sync_all(bench) == len(bench.keys), "one edit each"
    assert [set(bench.item(scene_id).genres) for scene_id in bench.keys] == [{"Fun and Games", "Other"}] * 3
    assert caplog.text.count('tags: Plex shows "Fun & Games" as "Fun and Games"') == 1
    assert (sync_all(bench), refused(bench), verdicts(bench)) == (0, set(), {Verdict.IN_STEP})


def test_it_goes_with_its_name_and_with_an_undo(bench: Workbench) -> None:
    bench.configure(preserve_plex_edits=True)
    bench.plex.edit_as_user(bench.keys[2], lock=False, genres=["Old"])
    for scene_id in (1, 2):
        tag(bench, "Fun & Games", scene_id=scene_id)
    sync_all(bench)
    assert set(bench.item(2).genres) == {"Old", "Fun and Games"}
    tag(bench)
    sync_all(bench)
    assert bench.item(1).genres == ()
    enqueue_undo(bench.database, [2], bench.clock.now)
    bench.drain()
    assert bench.item(2).genres == ("Old",)


def test_a_known_form_leaves_only_one_to_guess(bench: Workbench) -> None:
    tag(bench, "Fun & Games")
    sync_all(bench)
    tag(bench, "Fun & Games", "Arts & Crafts", scene_id=2)
    sync_all(bench)
    assert (sync_all(bench), refused(bench)) == (0, set())


def test_of_several_nobody_knows_which_is_which(bench: Workbench) -> None:
    tag(bench, "Fun & Games", "Arts & Crafts")
    sync_all(bench)
    assert refused(bench) == {"tags"}
    assert set(bench.item(1).genres) == {"Fun and Games", "Arts and Crafts"}
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    bench.enqueue(*bench.keys)
    bench.drain()
    assert bench.plex.count("PUT") == 0, "it is left until somebody asks"


def test_a_name_that_nobody_makes_another_of_is_refused(bench: Workbench) -> None:
    sync_all(bench)
    bench.plex.writes.ignored_values = frozenset({"genre"})
    tag(bench, "Fresh")
    sync_all(bench)
    assert refused(bench) == {"tags"}


def cut(_kind: str, name: str) -> str:
    return name[:12]


def compatible(_kind: str, name: str) -> str:
    return unicodedata.normalize("NFKC", name)


CUT = ("A name too long", "A name too long, too", "Another one that is long", "Short")
COMPATIBLE = ("\ufb01ne", "fine", "x\u00b2", "Other")
MANGLED = pytest.mark.parametrize(
    ("mangle", "asked", "shown"),
    [
        (cut, CUT[:1], {"A name too l"}),
        (cut, CUT, {"A name too l", "Another one ", "Short"}),
        (compatible, COMPATIBLE[:1], {"fine"}),
        (compatible, COMPATIBLE, {"fine", "x2", "Other"}),
    ],
)


@pytest.mark.parametrize("mode", ["replace", "add", "single_removal"])
@MANGLED
def test_names_that_are_cut_or_in_compatible_form_are_written_and_told_once(
    bench: Workbench,
    caplog: pytest.LogCaptureFixture,
    mangle: Mangle,
    asked: tuple[str, ...],
    shown: set[str],
    mode: str,
) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.change_dialect(edit_mode=mode, tag_names="as_sent")
    sync_all(bench)
    bench.plex.mangle = mangle
    for scene_id in bench.keys:
        tag(bench, *asked, scene_id=scene_id)
    assert sync_all(bench) == len(bench.keys), "one edit each"
    assert [set(bench.item(scene_id).genres) for scene_id in bench.keys] == [shown] * 3
    assert all(caplog.text.count(f'Plex shows "{each}" as') <= 1 for each in asked)
    assert (sync_all(bench), refused(bench), verdicts(bench)) == (0, set(), {Verdict.IN_STEP})
    tag(bench, *asked, "New")
    assert sync_all(bench) == 1
    assert set(bench.item(1).genres) == {*shown, "New"}
    tag(bench, "New")
    sync_all(bench)
    assert (bench.item(1).genres, refused(bench)) == (("New",), set())


@pytest.mark.parametrize("mode", ["replace", "add", "single_removal"])
def test_a_name_that_was_cut_before_us_is_the_one_that_stash_says(
    bench: Workbench, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    bench.plex.change_dialect(edit_mode=mode, tag_names="as_sent")
    bench.plex.mangle = cut
    for scene_id, key in bench.keys.items():
        bench.plex.edit_as_user(key, genres=[CUT[0][:12], CUT[2][:12]])
        tag(bench, CUT[0], CUT[2], scene_id=scene_id)
    sync_all(bench)
    assert {bench.item(scene_id).genres for scene_id in bench.keys} == {("A name too l", "Another one ")}
    assert (sync_all(bench), refused(bench), verdicts(bench)) == (0, set(), {Verdict.IN_STEP})
    assert "does not show" not in caplog.text


@pytest.mark.parametrize("mode", ["replace", "add", "single_removal"])
def test_where_it_is_known_how_names_are_cut_none_is_named_for_removal(bench: Workbench, mode: str) -> None:
    bench.plex.change_dialect(edit_mode=mode, tag_names="as_sent")
    bench.plex.mangle = cut
    tag(bench, CUT[0], scene_id=1)
    sync_all(bench)
    bench.plex.edit_as_user(bench.keys[2], genres=[CUT[2][:12]])
    tag(bench, CUT[2], scene_id=2)
    assert (sync_all(bench), verdicts(bench)) == (0, {Verdict.IN_STEP})
    assert bench.item(2).genres == (CUT[2][:12],)


def test_a_longer_name_that_plex_ignores_is_not_the_shorter_one_that_was_there(bench: Workbench) -> None:
    tag(bench, "Blue")
    sync_all(bench)
    bench.plex.writes.ignored_values = frozenset({"genre"})
    bench.stash.save_without_hook(1, title="Newer")
    tag(bench, "Blue Hat")
    sync_all(bench)
    assert refused(bench) == {"tags"}
    bench.plex.writes.ignored_values = frozenset()
    sync_all(bench)
    assert bench.item(1).genres == ("Blue Hat",)
