"""Whether two Stashes take turns with one data folder, where edits of one may be lost: a job holds no more of its scene
than the id, and what was asked of Stash is noted once. Light.

One Stash that moved is another one, too, but it does not come back.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from storage.json_file import JsonFile, stored_number
from worker.data_folder import ENVIRONMENT_VARIABLE, DataFolder
from worker.launcher import without_config

DAY = 86_400.0
"""Seconds within which a Stash that comes back after another one is taken for a second one; and for which it is told
since they last took turns."""


def note_stash(folder: DataFolder, stash: str, now: float) -> str:
    """Note which Stash is served from `now` on (seconds since the epoch), as worker.launcher.address_of names it.

    Returns a warning where two take turns and nobody was told within a DAY, else "".
    """
    file = JsonFile(folder.stashes)
    stored = file.load()
    served = {name: at for name, at in _served(stored).items() if 0.0 <= now - at < DAY}
    last = next(reversed(served), "")
    comes_back = stash in served and stash != last
    told_before = warning_of_shared_folder(folder, now)
    served.pop(stash, None)
    content: dict[str, Any] = {**stored, "served": {**served, stash: now}}
    if comes_back:
        content |= {"took_turns_at": now, "stashes": [last, stash]}
    with suppress(OSError):  # a disk that takes nothing is for others to tell of
        file.save(content, durable=False)
    return warning_of_shared_folder(folder, now) if comes_back and not told_before else ""


def warning_of_shared_folder(folder: DataFolder, now: float) -> str:
    """What a person has to do where two Stashes took turns within the last DAY, "" otherwise. Changes nothing."""
    stored = JsonFile(folder.stashes).peek() or {}
    stashes = stored.get("stashes")
    if not isinstance(stashes, list) or not 0.0 <= now - stored_number(stored.get("took_turns_at")) < DAY:
        return ""
    addresses = sorted({without_config(str(stash)) for stash in stashes})
    where = " and ".join(addresses) if len(addresses) > 1 else f"both at {''.join(addresses)}, with their own configs"
    return (
        f"Two Stashes ({where}) use one data folder, {folder.root}, so edits of either can be lost. Set the "
        f"environment variable {ENVIRONMENT_VARIABLE} on each of them to a folder of its own, then press Sync Recent "
        "Scenes in both."
    )


def _served(stored: dict[str, Any]) -> dict[str, float]:
    """When each Stash was served last (seconds since the epoch), the last one at the end."""
    served = stored.get("served")
    times = {name: stored_number(at) for name, at in served.items()} if isinstance(served, dict) else {}
    return dict(sorted(times.items(), key=lambda item: item[1]))
