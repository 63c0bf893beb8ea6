"""Does it work with the settings as they are? A doctor that asks, and changes nothing."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

from plex.client import PlexClient
from plex.exceptions import PlexError
from plex.files.libraries import configured_sections
from plex.token import expires_at
from stash.exceptions import StashUnavailable
from stash.scene_reader import Scenes
from validation.config import PlexSyncConfig
from validation.errors import ConfigError
from validation.in_force import tag_patterns
from validation.problems import FORM, replaced_in_words
from validation.scene import Scene
from worker.base.paths import shown_path
from worker.base.plugin_folder import REQUIREMENTS
from worker.base.storage_advice import next_step
from worker.base.words import counted
from worker.clients.context import probe_plex
from worker.drain.parts import Workplace
from worker.errors import TaskError
from worker.outage.probe import Probe
from worker.packages.requirements import installed_packages
from worker.tasks.doctor.sample_match import Fault, FaultKind, Suggestion, open_sample_matcher
from worker.tasks.task import Task
from worker.tasks.views.token_end import token_end_in_words

SAMPLES = 20
"""Scenes that are looked up in Plex as an example."""
EXAMPLES = 3
"""Scenes that are named of those that are not found for the same reason."""
ROOM = 65_536
"""Bytes for which the data folder must have room."""
UNCHECKED = (
    ". Whether other users of this computer can open it was not checked, since Windows decides that by access lists. "
    "Keep it below the folder of Stash's own user"
)
"""What the doctor says where modes tell nothing (Python, os.chmod: on Windows only the read-only flag is set)."""
_LONG_AGO = timedelta(days=36_500)


logger = logging.getLogger(__name__)


@dataclass
class Diagnosis:
    """What was looked at, in order."""

    checks: list[dict[str, Any]] = field(default_factory=list)
    path_map: str = ""

    def note(self, name: str, ok: bool, detail: str) -> bool:
        """Add one finding; returns `ok`."""
        self.checks.append({"name": name, "ok": ok, "detail": detail})
        return ok

    def result(self) -> dict[str, Any]:
        """The whole as one JSON object; `path_map` is a suggestion, "" for none."""
        return {"ok": all(check["ok"] for check in self.checks), "checks": self.checks, "path_map": self.path_map}


def health_check(task: Task) -> dict[str, Any]:
    """Try the connection with the settings as they are; changes nothing."""
    result = check_connection(task.workplace)
    for check in result["checks"]:
        logger.log(logging.INFO if check["ok"] else logging.ERROR, "%s: %s", check["name"], check["detail"])
    failed = [check for check in result["checks"] if not check["ok"]]
    if failed:
        logger.error("Not everything works. Look at the %s above", counted(len(failed), "error"))
    else:
        logger.info("Everything works. Edits reach Plex by themselves")
    return result


def check_connection(workplace: Workplace, platform: str = sys.platform) -> dict[str, Any]:
    """Look at everything in turn, up to where the rest cannot be looked at; see Diagnosis.result.

    `platform` as `sys.platform`.
    """
    diagnosis = Diagnosis()
    _check_data_folder(workplace, diagnosis, platform)
    # Without them this code would not run.
    diagnosis.note("Packages", True, ", ".join(installed_packages(REQUIREMENTS)))
    config = _check_settings(workplace, diagnosis)
    if config is None:
        return diagnosis.result()
    _check_tags(workplace, config, diagnosis)
    plex = workplace.contexts.new_client(config)
    fault = probe_plex(config, plex, Probe.IDENTITY)
    if diagnosis.note("Plex", not fault, fault or f"{config.plex_url} answers, {_tls(config)}"):
        fault = probe_plex(config, plex, Probe.TOKEN)
        if diagnosis.note("Token", not fault, fault or _accepted(config)) and _check_libraries(config, plex, diagnosis):
            _check_samples(workplace, config, plex, diagnosis)
    return diagnosis.result()


def _accepted(config: PlexSyncConfig) -> str:
    end = token_end_in_words(expires_at(config.plex_token.get_secret_value()))
    return f"accepted, but {end}" if end else "accepted"


def _tls(config: PlexSyncConfig) -> str:
    if config.plex_url.startswith("http:"):
        return "without TLS"
    return "its TLS certificate is not checked (skip_tls_verify)" if config.skip_tls_verify else "TLS certificate valid"


def _check_data_folder(workplace: Workplace, diagnosis: Diagnosis, platform: str) -> None:
    root = workplace.folder.root
    if workplace.folder.fault:
        diagnosis.note("Data folder", False, workplace.folder.fault)
        return
    try:
        # To be allowed to write says nothing of a disk that is full.
        with tempfile.TemporaryFile(dir=root) as file:
            file.write(bytes(ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        diagnosis.note("Data folder", False, f"{root} cannot be used ({error.strerror}). {next_step(error, root)}")
    else:
        remark = UNCHECKED if platform == "win32" else _of_another_user(root)
        diagnosis.note("Data folder", True, f"{root} is writable{remark}")


def _of_another_user(root: str) -> str:
    """That the folder is another user's, "" where it is not: root may write to it, but is not alone in reading it."""
    owner, own = os.stat(root).st_uid, os.geteuid()
    if owner == own:
        return ""
    command = f"chown -R {own} {shlex.quote(root)}"
    return f", but belongs to user {owner}, who may read all of it. To give it to Stash's user: {command}"


def _check_settings(workplace: Workplace, diagnosis: Diagnosis) -> PlexSyncConfig | None:
    try:
        version = workplace.stash.version()
        diagnosis.note("Stash", True, f"version {version} answers")
        config = workplace.contexts.read_settings()
    except StashUnavailable as error:
        diagnosis.note("Stash", False, str(error))
        return None
    except ConfigError as error:
        diagnosis.note("Settings", False, str(error))
        return None
    complete = "complete, but paused is set. Nothing is sent until Pause is off" if config.paused else "complete"
    problems = [*map(replaced_in_words, config.replaced), *workplace.contexts.missing(config).values()]
    diagnosis.note("Settings", not problems, " ".join(problems) or complete)
    return config


def _check_tags(workplace: Workplace, config: PlexSyncConfig, diagnosis: Diagnosis) -> None:
    """Say which names in lists of tags Stash has no tag for: what they were to leave out would be sent to Plex."""
    lists = tag_patterns(config)
    if not lists:
        return
    try:
        names = workplace.stash.tag_names()
    except StashUnavailable as error:
        diagnosis.note("Tags", False, str(error))
        return
    unknown = [
        f'"{pattern}" ({setting})'
        for setting, patterns in lists.items()
        for pattern in patterns
        if not pattern.may_fit(names)
    ]
    advice = f"Correct the list under {FORM}, or add what is missing in Stash"
    known = f"Stash has a tag for each name in {' and '.join(lists)}"
    diagnosis.note("Tags", not unknown, f"Stash has no tag {', '.join(unknown)}. {advice}" if unknown else known)


def _check_libraries(config: PlexSyncConfig, plex: PlexClient, diagnosis: Diagnosis) -> bool:
    try:
        sections = plex.sections()
        chosen = configured_sections(sections, config.plex_library)
    except PlexError as error:
        return diagnosis.note("Libraries", False, str(error))
    others = ", ".join(section.title for section in sections if section not in chosen)
    left_out = f" (plex_library leaves out {others})" if others else ""
    return diagnosis.note("Libraries", True, ", ".join(section.title for section in chosen) + left_out)


def newest_scenes(workplace: Workplace) -> Scenes:
    """The SAMPLES scenes that were updated last. Raises StashUnavailable."""
    page = next(workplace.stash.updated_since(datetime.now(timezone.utc) - _LONG_AGO, SAMPLES), [])
    return workplace.stash.scenes([scene_id for scene_id, _ in islice(page, SAMPLES)])


def _check_samples(workplace: Workplace, config: PlexSyncConfig, plex: PlexClient, diagnosis: Diagnosis) -> None:
    """Look the newest scenes up in Plex, as a sync would."""
    try:
        newest = newest_scenes(workplace)
        scenes = [scene for scene in newest.values() if scene.files]
        with open_sample_matcher(workplace, config, plex) as samples:
            faults = samples.faults(scenes)
            unfound = [scene for scene in scenes if faults[scene.id]]
            suggestion = samples.suggestion(unfound)
    except (PlexError, StashUnavailable, TaskError) as error:
        diagnosis.note("Sample scenes", False, str(error))
        return
    for scene_id, unreadable in newest.unreadable.items():
        diagnosis.note(f"Scene {scene_id}", False, str(unreadable))
    found = len(scenes) - len(unfound)
    diagnosis.note("Sample scenes", not unfound, f"{found} of {len(scenes)} found in Plex")
    for kind in FaultKind:
        alike = [(scene, fault) for scene in unfound if (fault := faults[scene.id]) and fault.kind is kind]
        if alike:
            diagnosis.note(*_unfound_in_words(alike, config.obfuscate_paths))
    if suggestion:
        _suggest(suggestion, config, diagnosis)


def _unfound_in_words(alike: Sequence[tuple[Scene, Fault]], obfuscate_paths: bool) -> tuple[str, bool, str]:
    """One finding for all scenes with the same kind of fault: a repeated line for each would bury the others."""
    scene, fault = alike[0]
    if len(alike) == 1:
        return f"Scene {scene.id}", False, f"{fault}. In Stash it is {shown_path(scene.path, obfuscate_paths)}"
    examples = "; ".join(
        f"scene {scene.id}, {' → '.join((shown_path(scene.path, obfuscate_paths), *fault.plex_paths))}"
        for scene, fault in alike[:EXAMPLES]
    )
    return counted(len(alike), "scene"), False, f"{fault.kind.value}. For example {examples}"


def _suggest(suggestion: Suggestion, config: PlexSyncConfig, diagnosis: Diagnosis) -> None:
    if suggestion.unwritable:
        folders = " and ".join(shown_path(folder, config.obfuscate_paths) for folder in suggestion.unwritable)
        detail = (
            f"A path_map would explain most of these, but it cannot hold {folders}, because ; and => separate its "
            "folders and blanks at their ends are dropped. Rename the folder or its mount, then scan it in Stash and "
            "Plex"
        )
    elif config.obfuscate_paths:
        # Stash logs results, too.
        detail = "A path_map would explain most of these. Turn off obfuscate_paths to see it"
    else:
        diagnosis.path_map = suggestion.path_map
        detail = f"Set path_map to {suggestion.path_map}"
    diagnosis.note("Path map", False, detail)
