"""What the settings said when somebody last read them, for whoever must not ask Stash: light, and without a secret."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, NamedTuple

from storage.json_file import JsonFile, stored_number

NEVER_READ = (
    "PlexSync is not set up yet. Open Setup on its page, under Settings > Tools, or set plex_url and plex_token under"
    " Settings > Plugins > PlexSync."
)
"""The problem while nobody has read the settings: who has set them opens the page or edits a scene, and they are."""


class KnownSettings(NamedTuple):
    """`problems` are sentences about wrong ones, `are_usable` tells whether jobs can go on with the others.

    `read_at` is when they were first read so, `token_ends_at` when plex_token ends, None where it does not; both in
    seconds since the epoch.

    Before anybody has read them, paths are hidden: nobody can say whether the user wants them shown.
    """

    paused: bool = False
    obfuscate_paths: bool = True
    reconcile_interval: str = ""
    plex_url: str = ""
    problems: tuple[str, ...] = ()
    are_usable: bool = True
    token_ends_at: float | None = None
    read_at: float = 0.0


def read_known_settings(path: str) -> KnownSettings:
    """What is known, from the file at `path`; NEVER_READ where nobody has read them yet. Changes nothing."""
    stored = JsonFile(path).peek()
    if not stored:
        return KnownSettings(problems=(NEVER_READ,), are_usable=False)
    problems = stored.get("problems")
    return KnownSettings(
        paused=stored.get("paused") is True,
        obfuscate_paths=stored.get("obfuscate_paths") is not False,
        reconcile_interval=_text(stored.get("reconcile_interval")),
        plex_url=_text(stored.get("plex_url")),
        problems=tuple(map(str, problems)) if isinstance(problems, list) else (),
        are_usable=stored.get("are_usable") is not False,
        token_ends_at=stored_number(stored.get("token_ends_at")) or None,
        read_at=stored_number(stored.get("read_at")),
    )


def noted_at(path: str) -> int:
    """When they were last noted as others than before, in nanoseconds of the file's own clock; 0 = never."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def note_settings(path: str, settings: KnownSettings) -> None:
    """Remember them, where they say something new. A disk that takes nothing is for others to tell of."""
    if settings._replace(read_at=0.0) != read_known_settings(path)._replace(read_at=0.0):
        with suppress(OSError):
            JsonFile(path).save(settings._asdict(), durable=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
