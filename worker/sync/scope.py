"""Which scenes a sync leaves alone, and why; and what of it depends on who asked for the sync."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from plex.editing.edits import WriteRules
from sync_queue.enqueue import EVERYTHING
from sync_queue.models import Job
from sync_queue.sources import HOOK, is_about_the_library, is_asked_by, is_asked_by_a_person
from sync_queue.state.sync_state import SceneState
from validation.config import PlexSyncConfig
from validation.fields import COMPARED_FIELDS, FIELDS, is_empty
from validation.in_force import fields_changed_by
from validation.metadata import MappingRules, WantedMetadata, wanted_from_scene
from validation.names import is_file_name
from validation.scene import Scene

COVER = "cover_image"
"""The hook's name of the cover: only a hook can tell that a person set one, for Stash makes one of every file."""

_ON_WINDOWS = re.compile(r"[A-Za-z]:|\\\\")
"""How a path begins on Windows, whose disks do not tell capital letters from small ones."""


def refused_to_try(job: Job, config: PlexSyncConfig) -> frozenset[str]:
    """The fields that a job tries once more where Plex refused them.

    All that a person asks for, or a retry; after an edit those that were saved, be it with the same value, and all
    where nobody can say which.
    """
    is_any = not job.fields or EVERYTHING in job.fields
    if is_asked_by_a_person(job.source) or job.retry_count > 0 or (is_any and is_asked_by(job.source, HOOK)):
        return frozenset(FIELDS)
    return fields_changed_by(job.fields, config) if is_asked_by(job.source, HOOK) else frozenset()


def asked_at(job: Job) -> float:
    """When a person last asked for the scene's pictures, in seconds since the epoch; 0.0 where nobody did."""
    is_asked = is_asked_by_a_person(job.source) or COVER in job.fields
    return job.enqueued_at if is_asked else 0.0


def reason_not_to_sync(
    scene: Scene, wanted: WantedMetadata, known: SceneState | None, config: PlexSyncConfig, job: Job | None = None
) -> str:
    """Why a scene is left alone, "" where it is not. Without a job: why a reconcile would leave it."""
    if not scene.files:
        return "the scene has no file"
    if reason := reason_to_exclude(scene, config):
        return reason
    if is_undone(scene, known) and (job is None or is_about_the_library(job.source)):
        return "undone: it stays so until it is edited in Stash, or synced by hand"
    if known is not None or (job is not None and COVER in job.fields):
        return ""
    return reason_of_silence(scene, wanted, config)


def reason_of_silence(scene: Scene, wanted: WantedMetadata, config: PlexSyncConfig) -> str:
    """Why Stash says nothing of a scene that these settings use, in words; "" where it says something."""
    if wanted.has_details:
        return ""
    if is_empty(wanted.title):
        return "Stash says nothing of it yet that Plex could show"
    if not config.title_from_filename and any(is_file_name(scene.title, path) for path in scene.files):
        return "its title is only the name of its file, and Stash says nothing else of it yet"
    return ""


def rules_for(scene: Scene, wanted: WantedMetadata, config: PlexSyncConfig, rules: WriteRules) -> WriteRules:
    """How a scene is written: one of which Stash says nothing any more is not mirrored, but gets back what it had."""
    if reason_of_silence(scene, wanted, config):
        return replace(rules, unfilled=frozenset(COMPARED_FIELDS))
    return rules


def reason_to_exclude(scene: Scene, config: PlexSyncConfig) -> str:
    """By which setting a scene takes no part, in words; "" where it does. What Plex shows of it stays as it is."""
    if config.only_organized and not scene.organized:
        return "it is not organized (only_organized)"
    if config.only_with_stash_id and not scene.stash_ids:
        return "it has no Stash ID (only_with_stash_id)"
    excluding = (tag.name for tag in scene.tags if any(pattern.fits(tag) for pattern in config.exclude_tags))
    if tag := next(excluding, ""):
        return f'it has the tag "{tag}" (exclude_tags)'
    folders = (folder for folder in config.exclude_paths if any(is_within(path, folder) for path in scene.files))
    if folder := next(folders, ""):
        return f'it has a file in "{folder}" (exclude_paths)'
    return ""


def is_within(path: str, folder: str) -> bool:
    """Whether a file lies below a folder, both absolute and as Stash sees them, be it on Windows or not."""
    ignores_case = _ON_WINDOWS.match(folder) is not None
    file, above = (
        unicodedata.normalize("NFC", each.lower() if ignores_case else each).replace("\\", "/").rstrip("/")
        for each in (path, folder)
    )
    return file.startswith(f"{above}/")


def is_undone(scene: Scene, known: SceneState | None) -> bool:
    """Whether the scene was undone on this server and not edited in Stash since."""
    mark = known.undone if known else None
    return mark is not None and mark.stash_updated_at in ("", scene.updated_at)


def part_taker(config: PlexSyncConfig, rules: MappingRules) -> Callable[[Scene, SceneState | None], bool]:
    """What tells of a scene, with what earlier syncs know of it, whether a sync would show it in Plex."""
    return lambda scene, known: not reason_not_to_sync(scene, wanted_from_scene(scene, rules), known, config)
