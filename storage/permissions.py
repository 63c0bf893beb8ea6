"""Whether a file or folder is in the hands of this user alone. Standard library only."""

from __future__ import annotations

import os
import stat
import sys

ROOT = 0


def others_may_write(path: str, platform: str = sys.platform) -> bool:
    """Whether anybody but this user and root may write to what is at `path`, or change who may.

    POSIX knows that from owner and mode. On Windows it is always False: access lists decide there, and what is below
    a user's profile is that user's alone unless somebody has changed it. `platform` as `sys.platform`. Raises OSError.
    """
    if platform == "win32":
        return False
    state = os.stat(path)
    return state.st_uid not in (ROOT, os.geteuid()) or bool(state.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def make_private(folder: str) -> bool:
    """Create the folder for this user alone, or make it so; returns whether nobody else may write to it now.

    Raises OSError where it cannot be created.
    """
    os.makedirs(folder, mode=stat.S_IRWXU, exist_ok=True)
    if others_may_write(folder):
        try:
            os.chmod(folder, stat.S_IRWXU)
        except OSError:  # it belongs to somebody else
            return False
    return not others_may_write(folder)
