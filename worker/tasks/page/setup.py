"""What the page's Setup tries before anything is saved: the libraries of a Plex, and a path map there and back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from plex.client import PlexClient
from plex.files.paths import split_path
from plex.matcher import Matcher
from plex.shown import Section
from validation.config import PathMapping, PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from worker.base.paths import shown_path
from worker.reconcile.index_copy import open_index_copy
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.doctor.connection_check import newest_scenes
from worker.tasks.task import Task

USABLE = "movie"
"""The type of library that PlexSync writes to; those of other videos have it, too."""


def list_libraries(task: Task) -> dict[str, Any]:
    """The libraries of a Plex with these settings. Raises ArgumentError, ConfigError, PlexError, StashUnavailable."""
    names = ("plex_url", "plex_token", "skip_tls_verify")
    given = {name: task.args[name] for name in names if task.args.get(name) not in (None, "")}
    if "skip_tls_verify" in given:
        given["skip_tls_verify"] = arguments.switch(task.args, "skip_tls_verify")
    plex = task.workplace.contexts.new_client(_config(task, given))
    plex.connect()
    found = plex.libraries()
    movies = [section for section in found if section.type == USABLE]
    return {
        "format": FORMAT,
        "server": plex.name,
        "version": plex.version,
        "is_owner": not movies or any(section.locations for section in movies),
        "libraries": [_library(plex, section) for section in found],
    }


def _config(task: Task, given: Mapping[str, Any]) -> PlexSyncConfig:
    """The settings with some replaced. What is wrong with the others does not matter here. Raises ConfigError."""
    stored = task.workplace.stash.settings()
    merged = {**stored, **given}
    try:
        return parse_settings(merged, os.environ)
    except ConfigError as error:
        wrong = {problem.setting for problem in error.problems}
        if wrong & {"plex_url", "plex_token", *given}:
            raise
        return parse_settings({name: value for name, value in merged.items() if name not in wrong}, os.environ)


def _library(plex: PlexClient, section: Section) -> dict[str, Any]:
    is_usable = section.type == USABLE
    return {
        "name": section.title,
        "type": section.type,
        "usable": is_usable,
        "items": plex.list_page(section.key, 0, 1).total if is_usable else None,
        "folders": list(section.locations),
    }


def try_path_map(task: Task) -> dict[str, Any]:
    """Map the newest scenes there and back. Raises ConfigError, PlexError, StashUnavailable."""
    given = {} if task.args.get("path_map") is None else {"path_map": task.args["path_map"]}
    roots = list(task.workplace.stash.library_roots())
    try:
        config = _config(task, given)
    except ConfigError as error:
        faults = [problem.fault for problem in error.problems if problem.setting == "path_map"]
        if not faults:
            raise
        return _tried([], roots, [], faults[0])
    plex = task.workplace.contexts.new_client(config)
    scenes = [scene for scene in newest_scenes(task.workplace).values() if scene.files]
    with open_index_copy(task.folder.file_index, plex, config.plex_library) as index:
        matcher = Matcher(index, config.path_map, tuple(roots), config.allow_ambiguous_matches)
        rows = [_round_trip(scene.id, scene.path, matcher, config.path_map) for scene in scenes]
        folders = [location for _, location in index.locations()]
    return _tried([_shown(row, config.obfuscate_paths) for row in rows], roots, folders, "")


def _round_trip(scene_id: int, path: str, matcher: Matcher, path_map: Sequence[PathMapping]) -> dict[str, Any]:
    files = matcher.match([path]).files
    plex_path = files[0].path if files else _mapped(path, [(each.stash_prefix, each.plex_prefix) for each in path_map])
    back = _mapped(plex_path, [(each.plex_prefix, each.stash_prefix) for each in path_map])
    # What no map covers is found by how its path ends, and comes back as it went.
    back = back or (path if files else "")
    return {
        "scene_id": scene_id,
        "stash_path": path,
        "plex_path": plex_path,
        "found": bool(files),
        "back": back,
        "is_matched": bool(files) and split_path(back) == split_path(path),
    }


def _mapped(path: str, prefixes: Sequence[tuple[str, str]]) -> str:
    """The path below the other folder of the longest prefix that holds it, "" where none does."""
    parts = split_path(path)
    fitting = [(split_path(one), other) for one, other in prefixes if parts.is_below(split_path(one))]
    if not path or not fitting:
        return ""
    prefix, other = max(fitting, key=lambda each: len(each[0]))
    separator = "\\" if "\\" in other and "/" not in other else "/"
    return separator.join((other.rstrip("/\\"), *parts[len(prefix) :].written))


def _shown(row: dict[str, Any], hides: bool) -> dict[str, Any]:
    paths = {name: shown_path(row[name], hides) if row[name] else "" for name in ("stash_path", "plex_path", "back")}
    return {**row, **paths}


def _tried(rows: list[dict[str, Any]], roots: list[str], folders: list[str], problem: str) -> dict[str, Any]:
    matched = sum(row.pop("is_matched") for row in rows)
    return {
        "format": FORMAT,
        "ok": not problem and matched == len(rows),
        "problem": problem,
        "tried": len(rows),
        "matched": matched,
        "stash_folders": roots,
        "plex_folders": folders,
        "rows": rows,
    }
