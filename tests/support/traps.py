"""Modules that nobody may import: where Stash stands, on PYTHONPATH, and among the user's own packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAMES = (
    *("pip", "ensurepip", "venv", "json", "sqlite3", "typing", "logging", "subprocess", "threading", "os", "re"),
    *("plexapi", "requests", "urllib3", "pydantic", "persistqueue", "stashapi", "plexsync_example"),
    *("sitecustomize", "usercustomize", "PythonDepManager", "worker", "plex", "stash", "storage"),
)
"""What Python, pip and the plugin import, by any way."""

SPRING = "import sys\nwith open({note!r}, 'a') as file:\n    file.write(repr((__name__, sys.argv)) + '\\n')\n"
"""Needs nothing that could be a trap itself: sys is built in."""


class Traps:
    """A folder of traps, and a user's base folder with the same ones in it. `sprung` says which were imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "where Stash stands"
        self.user_base = folder / "user"
        self._note = folder / "sprung"
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        user_site = (
            self.user_base / f"Python{version.replace('.', '')}" / "site-packages"
            if os.name == "nt"
            else self.user_base / "lib" / f"python{version}" / "site-packages"
        )
        for place in (self.folder, user_site):
            place.mkdir(parents=True)
            for name in NAMES:
                (place / f"{name}.py").write_text(SPRING.format(note=str(self._note)), encoding="utf-8")
        (user_site / "trap.pth").write_text("import usercustomize\n", encoding="utf-8")

    def environment(self, python_path: str | None) -> Mapping[str, str]:
        """What leads into the traps, beside the working directory; `python_path` is PYTHONPATH, None for none."""
        user = {"PYTHONUSERBASE": str(self.user_base)}
        return user if python_path is None else {**user, "PYTHONPATH": python_path}

    def sprung(self) -> list[str]:
        """A line for each that was imported."""
        return self._note.read_text(encoding="utf-8").splitlines() if self._note.exists() else []
