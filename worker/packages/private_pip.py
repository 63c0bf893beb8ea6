"""pip, without what its configuration says about where packages go and which are allowed.

Started by its path in the place of `-m pip`, with the same arguments: what has no option that takes it back can only be
set right in pip's own environment, and a person who runs the command by hand needs the same. Which index, certificate,
proxy and cache pip uses stays as it is configured.

pip's environment overrides its files, but for what is empty there (pip, Configuration). Standard library only.
"""

from __future__ import annotations

import os
import runpy
import sys

NOTHING = " "
"""Of an option that may be given several times, pip takes the words between blanks: none."""
OVERRIDDEN = {
    **dict.fromkeys(("REQUIRE_VIRTUALENV", "DRY_RUN", "QUIET"), "0"),
    "NO_COLOR": "1",  # what it prints is read
    **dict.fromkeys(("CONSTRAINT", "REQUIREMENT", "REQUIREMENTS_FROM_SCRIPT", "EDITABLE", "PLATFORM"), NOTHING),
}
"""By the names of pip's options, what they are instead."""
WITHOUT = frozenset({"ABI", "GROUP", "IMPLEMENTATION", "PYTHON", "PYTHON_VERSION", "REPORT"})
"""Options that have no value which means none (pip 26.3 reads a file for any GROUP); in pip's files they would break
every other call of it."""


def set_right(environ: os._Environ[str] | dict[str, str]) -> None:
    """Take from pip's environment what contradicts a folder of our own."""
    for name in list(environ):
        if name.startswith("PIP_") and name[4:].upper() in WITHOUT | OVERRIDDEN.keys():
            del environ[name]
    for option, value in OVERRIDDEN.items():
        environ[f"PIP_{option}"] = value


if __name__ == "__main__":
    set_right(os.environ)
    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__")
