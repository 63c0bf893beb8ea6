"""Brings a batch of scenes in step: what does Stash say, what does Plex say, write the difference, read it back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

from plex.editing.edits import FieldEdit
from plex.editing.room import all_left_out
from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexItemGone,
    PlexLibraryUnknown,
    PlexNotFound,
    PlexServerDown,
)
from plex.items import PlexItem
from stash.exceptions import SceneGone
from storage.crash_points import reach
from storage.database import Database
from sync_queue.enqueue import enqueue_many
from sync_queue.models import Job
from sync_queue.sources import HOOKS, RIVAL, is_another_try
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from sync_queue.views.counts import WAITING_FOR_PLEX
from validation.metadata import wanted_from_scene
from validation.scene import Scene
from worker.backoff import NothingArrived, NothingToSync, PartlySynced, PictureAwaited
from worker.base.one_by_one import together_or_one_by_one
from worker.clients.context import SyncContext
from worker.items.assumptions import assume_from, rests_on_assumption
from worker.items.item import ItemSync, changes_of
from worker.items.read_back import read_back
from worker.items.server import KnownServer, known_server
from worker.items.verdict import left_out_in_words
from worker.items.writing import ItemWriting
from worker.outage.guard import OutageGuard, SyncInterrupted
from worker.pictures.images import ImageSync
from worker.pictures.photos import PhotoSync
from worker.pictures.picture import Patience, Picture
from worker.sync.no_item import ambiguous, not_found, unlisted
from worker.sync.outcome import Outcome, SceneWork
from worker.sync.ownership import Ownership, told
from worker.sync.parallel import run_in_parallel
from worker.sync.refresh import is_refresh_due, is_settled, locks_in_words, own_locks
from worker.sync.scope import asked_at, part_taker, reason_not_to_sync, refused_to_try, rules_for

logger = logging.getLogger(__name__)


class SceneSync:
    """Syncs batches over one context; `clock` gives seconds since the epoch, `on_written` is told of each scene."""

    def __init__(
        self,
        context: SyncContext,
        database: Database,
        guard: OutageGuard,
        clock: Callable[[], float] = time.time,
        on_written: Callable[[], object] = lambda: None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._context = context
        self._database = database
        self._guard = guard
        self._clock = clock
        self._on_written = on_written
        self._wait = wait
        self._read_at = 0.0
        self._patience = Patience()

    @property
    def _state(self) -> SyncState:
        # Rating keys mean something on their server only, and which one this is, only the server can say.
        return SyncState(self._database, self._context.plex.machine_identifier)

    @cached_property
    def _ownership(self) -> Ownership:
        return Ownership(self._context, self._database, part_taker(self._context.config, self._context.mapping_rules))

    @cached_property
    def _server(self) -> KnownServer:
        return known_server(self._context, self._database, self._clock)

    @cached_property
    def _photos(self) -> PhotoSync:
        return PhotoSync(self._context, self._database, self._patience)

    @property
    def _images(self) -> ImageSync:
        return ImageSync(self._context, self._state, self._server, self._wait)

    def sync(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Bring the jobs' scenes in step; one outcome a job, but none for those left out as the guard has seen enough.

        Raises SyncInterrupted where Plex is down or refuses the token, StashUnavailable where Stash cannot be read.
        """
        return together_or_one_by_one(
            jobs,
            self._sync_together,
            errors=PlexError,
            raise_if_shared=self._raise_if_shared,
            failed=self._failed,
            has_seen_enough=lambda: self._guard.has_seen_enough,
        )

    def _raise_if_shared(self, jobs: Sequence[Job], error: PlexError) -> None:
        """Where Plex is not well, the error is no job's own. Raises it, or SyncInterrupted for an outage."""
        job = jobs[0] if len(jobs) == 1 else None
        if isinstance(error, PlexServerDown | PlexAuthError):
            raise SyncInterrupted(error, job) from error
        if isinstance(error, PlexLibraryUnknown):
            raise error
        self._guard.confirm(error, job)
        if job is None:
            self._guard.forget_failures()

    def _failed(self, job: Job, error: PlexError) -> Outcome:
        self._guard.note_failure(error)
        return Outcome(job, error)

    def _sync_together(self, jobs: Sequence[Job]) -> list[Outcome]:
        outcomes, works = self._run(jobs, may_assume=True)
        again = [work for work in works if self._assumed_wrongly(work)]
        outcomes += [self._outcome(work) for work in works if work not in again]
        if again:
            self._state.save_items(item.arrived(self._clock(), gives_up=False) for work in again for item in work.items)
            more, works = self._run([work.job for work in again], may_assume=False)
            outcomes += more + [self._outcome(work) for work in works]
        return outcomes

    def _run(self, jobs: Sequence[Job], *, may_assume: bool) -> tuple[list[Outcome], list[SceneWork]]:
        """Bring scenes in step; returns the outcomes of those left alone, and the works of the others."""
        self._read_at = self._clock()
        self._patience.glance()
        scenes = self._context.stash.scenes([job.scene_id for job in jobs])
        reach("read:stash")
        known = self._known(jobs)
        server_id = self._context.plex.machine_identifier
        planned = [
            Outcome(job, scenes.unreadable[job.scene_id])
            if job.scene_id in scenes.unreadable
            else self._plan(job, scenes.get(job.scene_id), known.get(job.scene_id))
            for job in jobs
        ]
        works = [each for each in planned if isinstance(each, SceneWork)]
        self._server.recall(work.wanted for work in works)
        self._find_items(works, may_assume)
        if server_id != self._context.plex.machine_identifier:
            return self._run(jobs, may_assume=may_assume)  # what was known is of another server
        reach("read:plex")
        self._state.save_items(item.intent() for work in works for item in work.items if item.edits)
        writable = [(work, [item.rating_key for item in work.items]) for work in works if work.error is None]
        run_in_parallel(writable, self._begin, self._context.config.parallel_writes)
        self._bring_late(writable)
        self._read_back([work for work in works if work.is_begun and work.error is None])
        reach("write:read_back")
        ended = [work for work in works if work.is_begun or work.error is not None]
        return [each for each in planned if isinstance(each, Outcome)], ended

    def _known(self, jobs: Sequence[Job]) -> dict[int, SceneState]:
        """What is known of the scenes. That one was undone is believed of the server only that answers now."""
        scene_ids = [job.scene_id for job in jobs]
        known = self._state.scenes(scene_ids)
        if not any(state.undone for state in known.values()):
            return known
        self._context.plex.confirmed_identifier()
        return self._state.scenes(scene_ids)

    def _plan(self, job: Job, scene: Scene | None, known: SceneState | None) -> SceneWork | Outcome:
        if scene is None:
            return Outcome(job, SceneGone(job.scene_id))
        wanted = wanted_from_scene(scene, self._context.mapping_rules)
        reason = reason_not_to_sync(scene, wanted, known, self._context.config, job)
        if reason:
            return Outcome(job, NothingToSync(reason), title=wanted.title, path=scene.path)
        picture = Picture(partial(self._patience.fetch, partial(self._context.stash.screenshot, scene)))
        return SceneWork(job, scene, wanted, known, picture)

    def _find_items(self, works: Sequence[SceneWork], may_assume: bool) -> None:
        """Give each work the Plex items of its scene, freshly read, with what has to be written to them."""
        # Whether Plex has those by now is looked at as long as they wait (worker.upkeep.waiting_for_files).
        patient = [number for number, work in enumerate(works) if work.job.last_error_type in WAITING_FOR_PLEX]
        # An edit is sent without a further question. Who asks for more than that wants Plex as it is now.
        news_since = max((work.job.enqueued_at for work in works if work.job.source not in HOOKS), default=0.0)
        settled = self._ownership.find([work.scene for work in works], patient, news_since=news_since)
        self._ownership.remember(settled)
        for work, result in zip(works, settled, strict=True):
            work.warnings += result.found.warnings
            work.missing = result.found.missing
            work.told = [told(each) for each in result.yielded]
            work.items = [self._item_sync(work, item, state, may_assume) for item, state in result.items]
            if result.candidates:
                work.error = ambiguous(result)
            elif result.items or result.yielded:
                continue
            elif result.found.unlisted is not None:
                work.error = unlisted(result.found.unlisted)
            else:
                work.error = not_found(result)
                if self._context.config.trigger_plex_scan:
                    self._request_scan(work)

    def _request_scan(self, work: SceneWork) -> None:
        """A courtesy: where Plex cannot do it, the scene is not found all the same, and nothing else is."""
        with self._guard.attempt(work.job, counts=False) as attempt:
            self._context.finder.request_scan(work.files)
        if attempt.error is not None:
            work.warnings.append(f"Plex was not asked to scan for it: {attempt.error}")

    def _item_sync(self, work: SceneWork, item: PlexItem, state: ItemState, may_assume: bool) -> ItemSync:
        rules = rules_for(work.scene, work.wanted, self._context.config, self._context.rules)
        tried = refused_to_try(work.job, self._context.config)
        sync = ItemSync(
            item, state, work.wanted, rules, self._server.ways, tries_refused=tried, asked_at=asked_at(work.job)
        )
        sync.is_refresh_due = self._context.config.refresh_instead and is_refresh_due(work.scene, state, work.job)
        if may_assume:
            work.rests_on_assumption |= rests_on_assumption(sync, work.wanted, self._server)
            assume_from(sync, self._server)
        return sync

    def _assumed_wrongly(self, work: SceneWork) -> bool:
        """Whether the scene that tried a name out did not find that Plex shows it as this one took for granted."""
        return (
            work.error is None
            and work.rests_on_assumption
            and any(rests_on_assumption(item, work.wanted, self._server, once_learned=True) for item in work.items)
        )

    def _begin(self, work: SceneWork) -> None:
        if not self._guard.has_seen_enough:
            work.is_begun = True
            # Without an edit, nothing is asked of Plex that would tell how the others will fare.
            counts = any(item.edits or item.is_refresh_due for item in work.items)
            with self._guard.attempt(work.job, counts=counts) as attempt:
                self._write(work)
            work.error = attempt.error or work.error

    def _write(self, work: SceneWork) -> None:
        for item in work.items:
            locks = self._images.locks(item, work.picture, work.changed_in_stash)
            photos = self._photos.due(item, work.scene)
            is_first, now = work.job.retry_count == 0, self._clock()
            item.write(self._context.plex, locks, self._server, now, photos.requests, is_first_try=is_first)
            self._photos.finish(item, photos)
            self._images.sync(item, work.picture, work.changed_in_stash)
            if item.is_refresh_due:
                self._refresh(work, item)
        self._on_written()

    def _bring_late(self, writable: Sequence[tuple[SceneWork, list[int]]]) -> None:
        """Bring the pictures that did not come from Stash at once, now that no text waits for them any more."""
        self._patience.take_time()
        late = [(work, keys) for work, keys in writable if work.error is None and work.is_late]
        # Reversed: the first ones are those that were silent, the last ones were not asked for.
        run_in_parallel(late[::-1], self._write_late, self._context.config.parallel_writes)

    def _write_late(self, work: SceneWork) -> None:
        work.picture.forget_silence()
        for item in work.items:
            if item.images.silences:
                item.images.silences.clear()
                self._attempt(work, partial(self._bring_pictures, work, item))

    def _bring_pictures(self, work: SceneWork, item: ItemSync) -> None:
        self._photos.finish(item, self._photos.due(item, work.scene))
        self._images.sync(item, work.picture, work.changed_in_stash)

    def _refresh(self, work: SceneWork, item: ItemSync) -> None:
        item.refresh(self._context.plex, work.scene.updated_at, self._read_at)
        locks = own_locks(item.item, item.state)
        if locks and self._server.learn_locks_in_the_way():
            work.warnings.append(locks_in_words(locks))

    def _read_back(self, works: Sequence[SceneWork]) -> None:
        """Read what was written, and have it end as it should."""
        work_of = {id(item): work for work in works for item in work.items if item.edits or item.images.check}

        def write_again(item: ItemWriting, edits: Sequence[FieldEdit]) -> None:
            self._attempt(work_of[id(item)], partial(item.write_plainly, self._context.plex, edits, self._server))

        written = [item for work in works for item in work.items if id(item) in work_of]
        seen: dict[int, PlexItem] = {}

        def read(rating_keys: Sequence[int]) -> dict[int, PlexItem]:
            found = self._context.plex_items(rating_keys)
            seen.update(found)
            return found

        shown = read_back(written, read, write_again, self._server)
        for item in written:
            if item.rating_key in shown:
                self._attempt(work_of[id(item)], partial(self._images.check, item, shown[item.rating_key]))
            else:
                work_of[id(item)].error = PlexItemGone("Plex gave the item another rating key while it was written")
        self._bring_others_back([seen[item.rating_key] for item in written if item.rating_key in seen.keys() - shown])

    def _bring_others_back(self, items: Sequence[PlexItem]) -> None:
        """Have the scenes of other films written anew, which may show what was meant for the one that had their key."""
        if items:
            scene_ids = self._state.scenes_of_files(path for item in items for path in item.files)
            enqueue_many(self._database, scene_ids, RIVAL, self._clock())

    def _attempt(self, work: SceneWork, act: Callable[[], object]) -> None:
        with self._guard.attempt(work.job) as attempt:
            act()
        work.error = attempt.error or work.error

    def _outcome(self, work: SceneWork) -> Outcome:
        if work.error is not None:
            return Outcome(
                work.job,
                work.error,
                warnings=tuple(work.warnings),
                title=work.wanted.title,
                path=work.scene.path,
                files=work.files,
                # What was written before it failed is remembered as such.
                item_states=tuple(
                    item.state for item in work.items if item.state.written_at >= self._read_at or item.is_refreshed
                ),
                tried=tuple(item.rating_key for item in work.items),
                left=_left(work) if isinstance(work.error, PlexNotFound) else (),
                server_id=self._context.plex.machine_identifier,
            )
        images = [text for item in work.items for text in item.images.unfinished]
        passing = [text for item in work.items for text in item.verdict.passing]
        ignored = [text for item in work.items if item.verdict.has_ignored_all for text in item.verdict.warnings]
        told = dict.fromkeys([*ignored, *passing, *images])  # the log has it beside each try, and warns at the end
        # Without an image the scene is not in step yet, so the next try must look at its images again.
        done = self._done(work, is_whole=not images, gives_up=True)
        said = set(work.known.warnings if work.known and work.job.retry_count else ()) - set(told)
        done = replace(done, warnings=tuple(text for text in done.warnings if text not in said))
        if not told:
            return done
        is_awaited = not passing and all(item.images.unfinished == item.images.awaited for item in work.items)
        kind = NothingArrived if ignored else PictureAwaited if is_awaited else PartlySynced
        unfinished = self._done(work, is_whole=False, gives_up=False)
        warnings = tuple(text for text in done.warnings if text not in told)
        return replace(unfinished, error=kind("; ".join(told)), warnings=warnings, given_up=done)

    def _done(self, work: SceneWork, *, is_whole: bool, gives_up: bool) -> Outcome:
        """The outcome of a scene of which everything is done, or (without `is_whole`) not yet.

        `gives_up`: whether what Plex refused stands as refused.
        """
        items, now = work.items, self._clock()
        states = [item.arrived(now, gives_up=gives_up) for item in items]
        warnings = (*work.warnings, *(text for item in items for text in item.warnings))
        was = work.known
        was_told = was.warnings if was else ()
        stale = [text for item in items for text in item.known_warnings] if is_another_try(work.job.source) else []
        return Outcome(
            job=work.job,
            changed=tuple(sorted({name for item in items for name in item.changed})),
            locked=tuple(sorted({name for item in items for name in item.locked})),
            refreshed=any(item.is_refreshed for item in items),
            warnings=(
                *(text for text in warnings if text not in stale),
                *(text for text in work.told if text not in was_told),
            ),
            notes=tuple(text for item in items for text in item.verdict.notes),
            title=work.wanted.title,
            path=work.scene.path,
            scene_state=SceneState(
                scene_id=work.job.scene_id,
                synced_at=now,
                stash_updated_at=self._settled(work.scene.updated_at) if is_whole else "",
                rating_keys=tuple(item.rating_key for item in items),
                warnings=tuple(dict.fromkeys((*warnings, *self._left_out(work), *work.told))),
                changed_at=now if any(item.wrote for item in items) else was.changed_at if was else 0.0,
            ),
            item_states=tuple(states),
            left=_left(work),
            missing=work.missing,
            server_id=self._context.plex.machine_identifier,
            changes=tuple(change for item in items for change in changes_of(item)),
            begun_at=self._read_at,
        )

    def _left_out(self, work: SceneWork) -> list[str]:
        """What does not fit into Plex, also where it was said when it was written."""
        said = {edit.field for item in work.items for edit in item.edits if edit.left_out}
        standing = all_left_out(work.wanted.values, self._context.rules, self._server.ways) if work.items else ()
        return [left_out_in_words(name, fits, rest) for name, fits, rest in standing if name not in said]

    def _settled(self, updated_at: str) -> str:
        """`updated_at`, or "" where one more edit with the same text could have come after our read."""
        return updated_at if is_settled(updated_at, self._read_at) else ""


def _left(work: SceneWork) -> tuple[int, ...]:
    now = {item.rating_key for item in work.items}
    return tuple(key for key in (work.known.rating_keys if work.known else ()) if key not in now)
