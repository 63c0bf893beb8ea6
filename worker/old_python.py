"""What a person is told whose Stash runs its plugins with too old a Python. Compiles on Python 3.6: see PlexSync.py."""

import sys

from worker.version import OLDEST_PYTHON


def said_of_this_python() -> str:
    """Which Python this is, which one is needed, and where to name that."""
    has, needs = (".".join(map(str, version[:2])) for version in (sys.version_info, OLDEST_PYTHON))
    return (
        f"Stash runs its plugins with Python {has} ({sys.executable}), and PlexSync needs {needs} or newer. Install "
        "one and name it under Settings > System > Python Executable Path"
    )
