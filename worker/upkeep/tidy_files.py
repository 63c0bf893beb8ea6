"""Which files go, and when: nothing that PlexSync leaves on disk grows for ever. docs/architecture.md has the rules."""

from __future__ import annotations

import logging
import os
import re
import shutil
import stat
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from worker.base.words import counted
from worker.data_folder import TEMPORARY_PREFIX, DataFolder

logger = logging.getLogger(__name__)

HOUR = 3_600.0
DAY = 86_400.0
"""Seconds."""
KEPT_BACKUPS = 20
KEPT_CORRUPT = 3
"""Files set aside that stay, of each file that was."""


@dataclass(frozen=True)
class FileRule:
    """Files of `folder` whose whole name fits `pattern` go after `seconds`, and beyond the newest `kept` before that.

    The group `series` of the pattern names what is counted together, `each` what belongs together and goes together.
    """

    folder: str
    pattern: str
    seconds: float
    kept: int | None = None


def rules(folder: DataFolder) -> tuple[FileRule, ...]:
    """Every rule about a file of the data folder. A file that no rule fits stays."""
    half_written = r"(?P<each>.+\.(json|html|zip)\.[a-z0-9_]{8})"  # storage.local_files.write_whole, killed
    corrupt = r"(?P<series>.+)\.corrupt-(?P<each>\d+)(-\w+)?"  # storage.local_files.set_aside, with its journals
    return (
        FileRule(folder.backups, r"(?P<each>.+)\.json", 90 * DAY, KEPT_BACKUPS),
        FileRule(folder.root, corrupt, 30 * DAY, KEPT_CORRUPT),
        FileRule(folder.queue, corrupt, 30 * DAY, KEPT_CORRUPT),
        FileRule(folder.reports, corrupt, 30 * DAY, KEPT_CORRUPT),
        # A comparison that was not carried on for a day is begun anew (worker.reconcile.run.LONGEST_LIFE).
        FileRule(folder.reports, r"(?P<each>unfinished-[a-z-]+)\.((scenes\.)?json|(rows|paths)\.jsonl)", 7 * DAY),
        *(FileRule(place, r"(?P<each>diagnostics-.+)\.zip", DAY) for place in (folder.reports, folder.live)),
        *(FileRule(place, half_written, HOUR) for place in (folder.root, folder.backups, folder.reports, folder.live)),
    )


def tidy_files(folder: DataFolder, now: float) -> None:
    """Delete what its rule says at `now` (seconds since the epoch); what cannot be deleted is logged, and stays.

    For the holder of the drain lock.
    """
    deleted = sum(_apply(rule, now) for rule in rules(folder)) + _tidy_temporary_folder(now)
    if deleted:
        logger.info("Tidied up: %s deleted, past their time", counted(deleted, "old file"))


def _apply(rule: FileRule, now: float) -> int:
    """Delete what the rule says; returns how many files that were."""
    try:
        return sum(map(_delete, _past_their_time(rule, now)))
    except FileNotFoundError:  # the folder was never needed
        return 0
    except OSError as error:
        logger.warning("%s cannot be tidied up (%s): make it writable for Stash's user", rule.folder, error.strerror)
        return 0


def _past_their_time(rule: FileRule, now: float) -> Iterator[str]:
    by_series: dict[str, dict[str, list[os.DirEntry[str]]]] = defaultdict(lambda: defaultdict(list))
    with os.scandir(rule.folder) as entries:
        for entry in entries:
            match = re.fullmatch(rule.pattern, entry.name, re.ASCII)
            if match and entry.is_file(follow_symlinks=False):
                parts = match.groupdict()
                by_series[parts.get("series", "")][parts["each"]].append(entry)
    for series in by_series.values():
        newest_first = sorted(series.values(), key=_written_at, reverse=True)
        for place, group in enumerate(newest_first):
            if now - _written_at(group) >= rule.seconds or (rule.kept is not None and place >= rule.kept):
                yield from (entry.path for entry in group)


def _written_at(group: Iterable[os.DirEntry[str]]) -> float:
    return max(entry.stat(follow_symlinks=False).st_mtime for entry in group)


def _delete(path: str) -> bool:
    with suppress(FileNotFoundError):
        os.unlink(path)
        return True
    return False


def _tidy_temporary_folder(now: float) -> int:
    """Delete this user's folders there that killed processes left: what lives does so for less than a day."""
    deleted = 0
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(TEMPORARY_PREFIX) and _is_left_behind(entry, now):
                shutil.rmtree(entry.path, ignore_errors=True)
                deleted += not os.path.exists(entry.path)
    return deleted


def _is_left_behind(entry: os.DirEntry[str], now: float) -> bool:
    """Whether it is a folder of this user's in which nothing was written for a day; a link is not followed."""
    try:
        state = entry.stat(follow_symlinks=False)
        if not stat.S_ISDIR(state.st_mode) or (hasattr(os, "geteuid") and state.st_uid != os.geteuid()):
            return False
        with os.scandir(entry.path) as files:
            written_at = max([state.st_mtime, *(file.stat(follow_symlinks=False).st_mtime for file in files)])
    except OSError:  # it goes at this moment
        return False
    return now - written_at >= DAY
