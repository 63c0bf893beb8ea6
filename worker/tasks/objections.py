"""Why dead letters should stay: their scene is gone, or they would fail again for the same reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from plex.client import PlexClient
from plex.exceptions import PlexError
from stash.scene_reader import Scenes
from sync_queue.dlq import Outline
from sync_queue.dlq_recovery import OUTAGE_ERRORS
from validation.config import PlexSyncConfig
from validation.scene import Scene
from worker.clients.context import probe_plex
from worker.drain.parts import Workplace
from worker.outage.probe import Probe
from worker.tasks.doctor.sample_match import SampleMatcher, open_sample_matcher

MATCH_ERRORS = frozenset({"PlexNotFound", "AmbiguousMatch"})
UNREADABLE = "SceneUnreadable"
GONE = "the scene is no longer in Stash"
SCENES_PER_LOOK = 500
"""Scenes of which Stash tells the files in one answer: 100 kB of it. Stash v0.30 looks up to 1,000 ids at a time up."""


def objections(workplace: Workplace, letters: Sequence[Outline]) -> dict[int, str]:
    """By letter id, why it should stay; one that may go is absent. Changes nothing.

    Raises StashUnavailable, ConfigError.
    """
    if not letters:
        return {}
    config = workplace.contexts.read_settings()
    plex = workplace.contexts.new_client(config)
    fault = probe_plex(config, plex, Probe.IDENTITY) or probe_plex(config, plex, Probe.TOKEN)
    found: dict[int, str] = {}
    with ExitStack() as stack:
        samples: SampleMatcher | PlexError | None = None
        if not fault and any(letter.error_type in MATCH_ERRORS for letter in letters):
            samples = _open_samples(stack, workplace, config, plex)
        for start in range(0, len(letters), SCENES_PER_LOOK):
            page = letters[start : start + SCENES_PER_LOOK]
            scenes = _scenes(workplace, page)
            there = [letter for letter in page if letter.scene_id in scenes]
            gone = [letter for letter in page if letter.scene_id not in scenes]
            same = _same_causes(there, fault, samples, scenes)
            found |= {letter.id: str(scenes.unreadable.get(letter.scene_id, GONE)) for letter in gone}
            found |= {letter_id: f"The cause is still there. {cause}" for letter_id, cause in same.items() if cause}
    return found


def _open_samples(
    stack: ExitStack, workplace: Workplace, config: PlexSyncConfig, plex: PlexClient
) -> SampleMatcher | PlexError:
    try:
        return stack.enter_context(open_sample_matcher(workplace, config, plex))
    except PlexError as error:  # the settings or Plex's libraries: the cause of all that were not found
        return error


def _scenes(workplace: Workplace, letters: Sequence[Outline]) -> Scenes:
    """The letters' scenes: their files, and all of those that could not be read."""
    whole = [letter.scene_id for letter in letters if letter.error_type == UNREADABLE]
    scenes = workplace.stash.scene_files([letter.scene_id for letter in letters if letter.error_type != UNREADABLE])
    scenes.add(workplace.stash.scenes(whole))
    return scenes


def _same_causes(
    letters: Sequence[Outline], fault: str, samples: SampleMatcher | PlexError | None, scenes: Mapping[int, Scene]
) -> dict[int, str]:
    """By letter id, what it failed for and would fail for again, "" for nothing; `fault` is what Plex has now."""
    if fault:
        return {letter.id: fault for letter in letters if letter.error_type in OUTAGE_ERRORS}
    unmatched = [letter for letter in letters if letter.error_type in MATCH_ERRORS]
    try:
        if isinstance(samples, SampleMatcher):
            faults = samples.known_faults([scenes[scene_id] for scene_id in {letter.scene_id for letter in unmatched}])
            return {letter.id: str(faults[letter.scene_id] or "") for letter in unmatched}
        error = samples
    except PlexError as raised:
        error = raised
    return {letter.id: str(error) for letter in unmatched}
