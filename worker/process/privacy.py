"""The data folder is for Stash's user alone: it holds titles and paths. Also where it was there before.

On Windows access lists decide, which only the folder's owner should change: docs/install.md says what to look at.
Standard library only: tasks come here before the packages are there.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator

from worker.data_folder import ENVIRONMENT_VARIABLE, DataFolder, named_folder
from worker.errors import TaskError

FOLDER_MODE = stat.S_IRWXU
FILE_MODE = stat.S_IRUSR | stat.S_IWUSR
OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OURS_TOO = ("device_id.", ".", "@eaDir")
"""Beginnings of further names that may be there: the identity for Plex, what systems hide, and Synology's own."""


class FolderNotPrivate(TaskError):
    """Others may look into the data folder, and that cannot be changed from here; the text says what to do."""


def keep_private(folder: DataFolder, environ: os._Environ[str] | dict[str, str] = os.environ) -> None:
    """Make the data folder 0700 and its files 0600. Raises FolderNotPrivate, OSError.

    The packages in it are no secret, and who may not enter the folder cannot reach them. A folder that somebody named
    in STASH_PLUGIN_DATA is left alone where it holds other things than ours: they may be meant for others.
    """
    if sys.platform == "win32":
        return
    is_named = bool(named_folder(environ))
    if _is_open(folder.root) and is_named and (others := _what_is_not_ours(folder)):
        raise FolderNotPrivate(
            f"{folder.root} is open to other users, and holds more than PlexSync's files ({others}). "
            f"Name a folder of its own in {ENVIRONMENT_VARIABLE}"
        )
    _close(folder.root, FOLDER_MODE)
    if _is_open(folder.root):
        raise FolderNotPrivate(
            f"{folder.root} is open to other users, and its mode cannot be changed. Give it to Stash's user with mode "
            f"0700, or name a folder on a local disk in {ENVIRONMENT_VARIABLE}"
        )
    for path, mode in _contents(folder):
        _close(path, mode)


def _is_open(path: str) -> bool:
    """Whether others may do anything with it."""
    return bool(os.stat(path).st_mode & OTHERS)


def _close(path: str, mode: int) -> None:
    """Give it this mode if others may do anything with it. A file that goes meanwhile, or is another's, is left."""
    try:
        if _is_open(path):
            os.chmod(path, mode)
    except (FileNotFoundError, PermissionError):
        return


def _contents(folder: DataFolder) -> Iterator[tuple[str, int]]:
    """Every file and folder inside but for the packages, with its mode. Links are not followed."""
    for place, folders, names in os.walk(folder.root):
        folders[:] = [name for name in folders if os.path.join(place, name) != folder.dependencies]
        yield from ((os.path.join(place, name), FOLDER_MODE) for name in folders)
        paths = (os.path.join(place, name) for name in names)
        yield from ((path, FILE_MODE) for path in paths if not os.path.islink(path))


def _what_is_not_ours(folder: DataFolder) -> str:
    """One name in the folder that is none of ours, "" for none."""
    paths = [path for path in vars(folder).values() if path != folder.root]
    ours = (*{os.path.relpath(path, folder.root).split(os.sep)[0] for path in paths}, *_OURS_TOO)
    return next((name for name in sorted(os.listdir(folder.root)) if not name.startswith(ours)), "")
