"""What a person has to do where the data folder cannot be used: it depends on why. Standard library, on light paths."""

from __future__ import annotations

import errno
import os
import sqlite3

MAKE_ROOM = "Make room on its disk"
MOUNT = "See that its disk is mounted"
MAKE_WRITABLE = "Make it writable for Stash's user"
MAKE_FOLDER = "Make this folder, and give it to Stash's user"
CLEAR_THE_WAY = "Move away the file that is in the way"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_DATABASE = "disk is full"
_AWAY = (errno.ENODEV, errno.ENXIO, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN)
"""Also what a network disk says that is away: ESTALE is NFS's, EHOSTDOWN is SMB's (Linux, mount.cifs)."""
_IN_THE_WAY = (errno.ENOTDIR, errno.EEXIST)


def next_step(error: OSError | sqlite3.Error, place: str) -> str:
    """What to do where `place` cannot be used because of `error`, without a full stop; "" where nobody can say."""
    if not isinstance(error, OSError):
        return _step_for_database(str(error), place)
    if error.errno in _FULL:
        return MAKE_ROOM
    if error.errno in _AWAY:
        return MOUNT
    if error.errno not in (errno.ENOENT, *_IN_THE_WAY):
        return MAKE_WRITABLE
    return _step_for_missing(place) if _is_missing(place) else CLEAR_THE_WAY


def is_full(error: OSError | sqlite3.Error) -> bool:
    """Whether it says that the disk is full, or that this user may have no more of it."""
    return error.errno in _FULL if isinstance(error, OSError) else _FULL_DATABASE in str(error)


def _step_for_database(said: str, place: str) -> str:
    """For SQLite's own words, the same since 3.0 (sqlite3ErrStr); the codes exist from Python 3.11 on."""
    if _FULL_DATABASE in said:
        return MAKE_ROOM
    if "unable to open" in said and _is_missing(place):
        return _step_for_missing(place)
    return MAKE_WRITABLE if "unable to open" in said or "readonly" in said else ""


def _is_missing(place: str) -> bool:
    """Whether nothing is there, which a link may hide, and no file stands in the way above it."""
    above = os.path.dirname(missing_part(place))
    return not os.path.exists(place) and (os.path.isdir(above) or not os.path.exists(above))


def missing_part(place: str) -> str:
    """Of the path, as much as is missing from where: its first folder that is not there.

    On Windows that may be a whole drive or share, which is its own parent.
    """
    while (above := os.path.dirname(place)) != place and not os.path.exists(above):
        place = above
    return place


def _step_for_missing(place: str) -> str:
    first = missing_part(place)
    above = os.path.dirname(first)
    is_away = os.path.islink(first) or not os.path.exists(above) or os.access(above, os.W_OK)
    return MOUNT if is_away else MAKE_FOLDER
