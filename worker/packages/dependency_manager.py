"""The community plugin PythonDepManager, which fetches Python packages for other plugins, where a user has it."""

from __future__ import annotations

import importlib.machinery
import json
import os
import subprocess
import sys

from worker.launcher import without_window
from worker.packages.pip_install import INSTALL_TIMEOUT, last_line
from worker.packages.requirements import read_pins

NAME = "PythonDepManager"

# In a process of its own: it prints, unloads modules and puts itself first on the path, whether it succeeds or not.
_SCRIPT = """
import importlib, json, sys
answer, sys.stdout, before = sys.stdout, sys.stderr, list(sys.path)
specifications, modules = sys.argv[1].split(), sys.argv[2].split()
from PythonDepManager import ensure_import
ensure_import(*specifications)
for module in modules:
    importlib.import_module(module)
print(json.dumps([entry for entry in sys.path if entry not in before]), file=answer)
"""


class ManagerFailed(Exception):
    """It is there, but could not provide the packages; the text says why."""


def is_installed(plugin_folder: str) -> bool:
    """Whether the plugin is there: in Stash's plugins folder, or beside ours."""
    path = [*sys.path, os.path.dirname(plugin_folder)]
    return importlib.machinery.PathFinder.find_spec(NAME, path) is not None


def provide(requirements: str, plugin_folder: str) -> list[str]:
    """Have it install the exact pins; returns the folders to put on sys.path.

    Its requirements are written `module:package==version` (PythonDepManager, README). Raises ManagerFailed, OSError.
    """
    pins = read_pins(requirements)
    specifications = " ".join(f"{pin.module}:{pin.name}=={pin.version}" for pin in pins)
    python_path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), os.path.dirname(plugin_folder))))
    try:
        result = subprocess.run(
            [sys.executable, "-c", _SCRIPT, specifications, " ".join(pin.module for pin in pins)],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": python_path, "PYTHONIOENCODING": "utf-8"},
            timeout=INSTALL_TIMEOUT,
            check=False,
            **without_window(),
        )
    except subprocess.TimeoutExpired:
        raise ManagerFailed(f"it did not end within {INSTALL_TIMEOUT:.0f} seconds") from None
    if result.returncode:
        raise ManagerFailed(last_line(result.stderr))
    folders: list[str] = json.loads(result.stdout)
    return folders
