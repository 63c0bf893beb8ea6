"""What nobody foresaw while a batch is synced is one job's own failure, and holds up no other."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from functools import partial

from plex.exceptions import PlexLibraryUnknown
from stash.exceptions import StashUnavailable
from sync_queue.generation import Superseded
from sync_queue.models import Job
from worker.base.one_by_one import together_or_one_by_one
from worker.outage.guard import SyncInterrupted
from worker.sync.batch import BatchSync
from worker.sync.outcome import Outcome

logger = logging.getLogger(__name__)


def sync_apart(syncer: BatchSync, jobs: Sequence[Job]) -> list[Outcome]:
    """Sync the jobs together, or one by one where an error comes that is nobody's kind.

    Raises what concerns all jobs: SyncInterrupted, StashUnavailable, PlexLibraryUnknown, Superseded, sqlite3.Error,
    OSError, ImportError.
    """
    return together_or_one_by_one(
        jobs,
        syncer.sync,
        errors=Exception,
        raise_if_shared=_raise_if_foreseen,
        failed=partial(_failed, syncer),
        has_seen_enough=lambda: syncer.has_seen_enough,
    )


def _raise_if_foreseen(_jobs: Sequence[Job], error: Exception) -> None:
    of_plex_or_stash = isinstance(error, SyncInterrupted | StashUnavailable | PlexLibraryUnknown)
    # What cannot be imported is no job's fault: the packages are damaged.
    if of_plex_or_stash or isinstance(error, Superseded | sqlite3.Error | OSError | ImportError):
        raise error


def _failed(syncer: BatchSync, job: Job, error: Exception) -> Outcome:
    logger.error("Scene %d: unforeseen error", job.scene_id, exc_info=error)
    return syncer.fail(job, error)
