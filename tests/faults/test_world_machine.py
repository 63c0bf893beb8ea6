"""Whatever happens in whatever order: once all is well, Plex shows what Stash says, and nothing was written needlessly.

Edits with and without their hooks and in the middle of a sync, renames, crashes at any named step, outages of both
servers, redrives, clocks that jump, copies of a file and items that are lost and found come in any interleaving, in
this process, with real SQLite and real HTTP.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stash.exceptions import StashUnavailable
from storage import crash_points
from storage.json_file import JsonFile
from tests.faults.paced_world import PacedWorld
from tests.simulators.faults import cut_off_body, drop, maintenance, not_xml, status
from tests.simulators.pictures import cover, jpeg
from tests.simulators.plex_edits import EditMode
from tests.simulators.stash import graphql_error
from tests.support.agreement import EDIT_MODES
from tests.support.workbench import TOKEN
from worker import backoff

SCENES = 3
FILM = SCENES + 1
"""The scene of whose file Plex may have a copy."""
COPY = "/media/b/sub/film.mp4"
EXAMPLES = int(os.environ.get("PLEXSYNC_FAULT_EXAMPLES", "10"))
# What follows "save:done" in the code is a clean-up that a real kill would not run.
POINTS = tuple(point for point in crash_points.POINTS if point != "save:done")
# Between its transactions the worker can be overtaken by a hook, which writes to the queue as well.
STEPS = (
    "claim:done",
    "read:stash",
    "read:plex",
    "plex:edited",
    "plex:rated",
    "plex:uploaded",
    "write:read_back",
    "ack:done",
    "retry:done",
    "bury:done",
)
NAMES = ("A", "B", "C")
METHODS = (None, "GET", "PUT", "POST")
REFUSALS = (maintenance(), status(500), status(400), status(404))
PLEX_FAULTS = (*REFUSALS, drop(), drop(applied=True), not_xml(), cut_off_body())
STASH_FAULTS = (status(500), status(401), graphql_error("database is locked"), not_xml(), drop())

scenes = st.integers(1, FILM)
numbers = st.integers(0, 9)
names = st.sets(st.sampled_from(NAMES))
edits = st.fixed_dictionaries(
    {},
    optional={
        "title": st.just("") | numbers.map("Title {}".format),
        "details": st.just("") | numbers.map("Details {}".format),
        "date": st.none() | numbers.map("2024-01-1{}".format),
        "rating100": st.none() | st.integers(1, 100),
        "tags": names,
        "performers": names,
        "studio": st.none() | st.sampled_from(NAMES),
        "cover": numbers.map(str),
    },
).filter(bool)


class PowerCut(BaseException):
    """What a SIGKILL is to this process."""


class WorldMachine(RuleBasedStateMachine):
    """The world, and what may happen in it."""

    @initialize(mode=st.sampled_from(EDIT_MODES), hooks_are_reliable=st.booleans())
    def begin(self, mode: EditMode, hooks_are_reliable: bool) -> None:
        """Where hooks are reliable, only tasks work the queue off: without catch-up, which would hide a lost job."""
        self.hooks_are_reliable = hooks_are_reliable
        # The delays before retries come from the generator that hypothesis seeds: what failed once fails again.
        self.jitter = mock.patch.object(backoff, "random", SimpleNamespace(Random=lambda _: random))
        self.jitter.start()
        self.folder = tempfile.mkdtemp()
        self.world = PacedWorld(Path(self.folder), SCENES, foreground=hooks_are_reliable)
        self.world.plex.edit_mode = mode
        film = self.world.stash.add_scene("/data/sub/film.mp4", title="Film", details="d").id
        self.world.keys[film] = self.world.plex.add_item(self.world.section, "/media/a/sub/film.mp4")
        self.world.__enter__()
        self.copy: int | None = None
        self.was_set_back = False

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.make_everything_well()
            tally = self.world.judge()
            assert tally.is_clean, "\n".join(tally.findings)
        finally:
            self.world.__exit__(None, None, None)
            self.jitter.stop()
            shutil.rmtree(self.folder)

    def make_everything_well(self) -> None:
        self.plex_is_well()
        self.stash_is_well()
        if self.copy is not None:
            self.the_copy_is_deleted()
        # A picture that Plex refused too often ends with a warning (docs/architecture.md, "Errors"): the next sync of
        # its scene brings it.
        warned = self.world.database.all("SELECT scene_id FROM scene_state WHERE warnings != '[]'")
        self.world.enqueue(*(scene_id for (scene_id,) in warned))

    # --- what users do

    def _fields(self, scene_id: int, edit: dict[str, Any]) -> dict[str, Any]:
        """The edit as Stash's form sends it."""
        stash = self.world.stash
        fields: dict[str, Any] = {
            name: edit[name] for name in ("title", "details", "date", "rating100") if name in edit
        }
        if "tags" in edit:
            fields["tag_ids"] = [stash.tag_id(name) for name in sorted(edit["tags"])]
        if "performers" in edit:
            fields["performer_ids"] = [stash.performer_id(name) for name in sorted(edit["performers"])]
        if "studio" in edit:
            fields["studio_id"] = stash.studio_id(edit["studio"]) if edit["studio"] else None
        if "cover" in edit:
            fields["cover_image"] = cover(edit["cover"])
            # Who goes back to an earlier cover has it sent again: that is no repetition.
            self.world.plex.expect_picture(self.world.keys[scene_id], jpeg(edit["cover"]))
        return fields

    @rule(scene_id=scenes, edit=edits)
    def a_scene_is_edited(self, scene_id: int, edit: dict[str, Any]) -> None:
        self.world.save(scene_id, **self._fields(scene_id, edit))

    @precondition(lambda self: not self.hooks_are_reliable)
    @rule(scene_id=scenes, edit=edits)
    def a_scene_is_edited_unheard(self, scene_id: int, edit: dict[str, Any]) -> None:
        self.world.stash.save_without_hook(scene_id, **self._fields(scene_id, edit))

    @rule(name=st.sampled_from(NAMES), new=numbers)
    def a_tag_is_renamed(self, name: str, new: int) -> None:
        tag_id = self.world.stash.tag_id(name)
        self.world.stash.library.tags.update(tag_id, f"{name} {new}")
        self.world.run_hook(tag_id, "Tag.Update.Post", ["name"])

    @rule(dry_run=st.booleans())
    def failed_jobs_are_retried(self, dry_run: bool) -> None:
        before = self._queue()
        try:
            self.world.retry_failed(dry_run=dry_run)
        except StashUnavailable:
            assert self._queue() == before
        if dry_run:
            assert self._queue() == before

    # --- what processes do

    @rule(seconds=st.sampled_from((0.5, 5.0, 30.0, 300.0)))
    def the_worker_works(self, seconds: float) -> None:
        self._look_before_time_catches_up()
        self.world.work(seconds)

    @rule(point=st.sampled_from(STEPS), times=st.integers(1, 3), scene_id=scenes, edit=edits)
    def a_scene_is_edited_in_the_middle(self, point: str, times: int, scene_id: int, edit: dict[str, Any]) -> None:
        self._look_before_time_catches_up()
        with self._armed(point, times, lambda: self.a_scene_is_edited(scene_id, edit)):
            self.world.work(30.0)

    @rule(point=st.sampled_from(POINTS), times=st.integers(1, 3), scene_id=scenes, edit=edits)
    def the_power_fails_after_an_edit(self, point: str, times: int, scene_id: int, edit: dict[str, Any]) -> None:
        self.a_scene_is_edited(scene_id, edit)

        def cut() -> None:
            raise PowerCut

        with self._armed(point, times, cut):
            try:
                self.world.work(30.0)
            except PowerCut:
                self.world.crash()

    @contextmanager
    def _armed(self, point: str, times: int, act: Callable[[], object]) -> Iterator[None]:
        """Have `act` happen in the middle of the worker's work, when it reaches the point."""
        environment = {crash_points.VARIABLE: f"{point}@{times}"}
        system = SimpleNamespace(environ=environment, kill=lambda *_: act(), getpid=os.getpid)
        crash_points._reached.clear()
        with mock.patch.object(crash_points, "os", system):
            yield

    @rule()
    def all_is_well_for_a_while(self) -> None:
        self.plex_is_well()
        self.stash_is_well()
        self.world.work(100.0)

    @rule()
    def the_worker_is_killed(self) -> None:
        self.world.crash()

    @rule(seconds=st.sampled_from((1.0, 100.0, 5000.0)))
    def time_passes(self, seconds: float) -> None:
        self._look_before_time_catches_up()
        self.world.clock.sleep(seconds)

    def _look_before_time_catches_up(self) -> None:
        """Let a worker see that the clock was set back, as long as it can be seen.

        What is edited unheard while the clock is behind the last look has a time from before that look. Once the clock
        is past it again and nobody has looked in between, nothing tells that edit from an old one.
        """
        last_look = JsonFile(self.world.folder.catch_up).load().get("looked_until", 0.0)
        if self.world.clock.now < last_look and not self.hooks_are_reliable:
            self.stash_is_well()
            self.world.work(0.5)

    @rule(seconds=st.sampled_from((3600.0, 86_400.0)))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.world.clock.now -= seconds
        self.was_set_back = True

    # A clock that goes wrong and right again hides what was edited unheard in between: that edit's time lies before the
    # last look, and nothing tells it from an old one.
    @precondition(lambda self: not self.was_set_back)
    @rule(seconds=st.sampled_from((3600.0, 86_400.0)))
    def the_clock_is_set_on(self, seconds: float) -> None:
        self.world.clock.now += seconds

    # --- what servers do

    @rule()
    def plex_is_switched_off(self) -> None:
        self.world.plex.refuse()

    @rule(fault=st.sampled_from(PLEX_FAULTS), method=st.sampled_from(METHODS), times=st.none() | numbers)
    def plex_is_unwell(self, fault: Any, method: str | None, times: int | None) -> None:
        self.world.plex.inject(fault, method=method, times=times)

    @rule()
    def plex_rejects_the_token(self) -> None:
        self.world.plex.token = "another"

    @rule()
    def plex_is_well(self) -> None:
        self.world.plex.clear_faults()
        self.world.plex.accept()
        self.world.plex.token = TOKEN

    @rule()
    def stash_is_switched_off(self) -> None:
        self.world.stash.refuse()

    @rule(fault=st.sampled_from(STASH_FAULTS), times=st.none() | numbers)
    def stash_is_unwell(self, fault: Any, times: int | None) -> None:
        self.world.stash.inject(fault, times=times)

    @rule()
    def stash_is_well(self) -> None:
        self.world.stash.clear_faults()
        self.world.stash.accept()

    @precondition(lambda self: self.copy is None)
    @rule()
    def plex_finds_a_copy(self) -> None:
        self.copy = self.world.plex.add_item(self.world.section, COPY)

    @precondition(lambda self: self.copy is not None)
    @rule()
    def the_copy_is_deleted(self) -> None:
        assert self.copy is not None
        self.world.plex.remove_item(self.copy)
        self.copy = None

    @rule(scene_id=scenes, edit=edits)
    def plex_loses_an_item_and_finds_it_anew(self, scene_id: int, edit: dict[str, Any]) -> None:
        """What Plex shows of it then is its own; the next edit has all of it brought back."""
        plex, key = self.world.plex, self.world.keys[scene_id]
        (path,) = plex.item(key).files
        plex.remove_item(key)
        self.world.keys[scene_id] = plex.add_item(self.world.section, path)
        self.a_scene_is_edited(scene_id, edit)

    # --- what has to hold all the time

    def _queue(self) -> list[Any]:
        database = self.world.database
        return database.all("SELECT * FROM ack_queue_default ORDER BY _id") + database.all("SELECT * FROM dead_letters")

    @invariant()
    def nothing_is_written_needlessly(self) -> None:
        if hasattr(self, "world"):
            assert self.world.plex.repeated == []

    @invariant()
    def whatever_is_given_up_has_a_reason(self) -> None:
        if hasattr(self, "world"):
            assert all(letter.failure.error_text for letter in self.world.dead_letters())


TestWorldMachine = WorldMachine.TestCase
TestWorldMachine.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
