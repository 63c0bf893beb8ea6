"""Make the packages of requirements.txt importable, installing them privately where they are missing.

Standard library only. Never on a hook's path: an installation takes as long as a network does.
"""

from __future__ import annotations

import glob
import importlib
import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from storage.lock import ProcessLock
from worker.data_folder import DataFolder

INSTALL_TIMEOUT = 900.0
"""Seconds for pip: a NAS on a slow line fetches some 10 MB."""

Say = Callable[[str, str], None]
"""Takes a level of stash.protocol.LEVELS and a message."""


class DependencyError(Exception):
    """The packages are missing and could not be installed; the text holds the exact command to run."""


def ensure_dependencies(
    folder: DataFolder, plugin_folder: str, say: Say, wait: Callable[[float], object] = time.sleep
) -> None:
    """Return once every package can be imported. Raises DependencyError, OSError."""
    requirements = os.path.join(plugin_folder, "requirements.txt")
    _use(folder.dependencies)
    if not missing_packages(requirements):
        return
    _ask_dependency_manager(requirements, say)
    if not missing_packages(requirements):
        return
    lock = ProcessLock(folder.install_lock)
    while not lock.acquire():
        wait(1.0)
    try:
        _use(folder.dependencies)  # whoever had the lock has made it, as like as not
        missing = missing_packages(requirements)
        if missing:
            _install(folder, requirements, missing, say)
    finally:
        lock.release()


def missing_packages(requirements: str) -> list[str]:
    """The names in the requirements file that are not installed, or older than the pin's minor version."""
    return [name for name, version in _pins(requirements) if _installed_version(name) < version[:2]]


def install_command(folder: DataFolder, requirements: str) -> list[str]:
    """The command that installs everything into the plugin's own folder: PEP 668 does not object to that."""
    return [
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
        *("--target", folder.dependencies, "-r", requirements),
    ]


def _install(folder: DataFolder, requirements: str, missing: list[str], say: Say) -> None:
    command = install_command(folder, requirements)
    say("info", f"Installing {', '.join(missing)} into {folder.dependencies}: once, this takes a minute or two")
    _remove_leftovers(folder)
    # Into a folder of its own first, so that a kill in the middle leaves nothing that looks complete.
    arriving = f"{folder.dependencies}.{os.getpid()}.new"
    to_run = [arriving if part == folder.dependencies else part for part in command]
    try:
        result = subprocess.run(
            to_run, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, stdin=subprocess.DEVNULL, check=False
        )
        problem = "" if result.returncode == 0 else (result.stderr.strip().splitlines() or ["pip failed"])[-1]
    except subprocess.TimeoutExpired:
        problem = f"pip did not end within {INSTALL_TIMEOUT:.0f} seconds"
    if problem:
        shutil.rmtree(arriving, ignore_errors=True)
        raise DependencyError(
            f"{', '.join(missing)} could not be installed ({problem}): run this where Stash runs, then edit any scene: "
            + _as_typed(command)
        )
    shutil.rmtree(folder.dependencies, ignore_errors=True)
    os.replace(arriving, folder.dependencies)
    _use(folder.dependencies)
    say("info", "The packages are installed")


def _remove_leftovers(folder: DataFolder) -> None:
    """Remove what killed installations have left; only the holder of the lock may know that they are over."""
    for leftover in glob.glob(f"{glob.escape(folder.dependencies)}.*.new"):
        shutil.rmtree(leftover, ignore_errors=True)


def _as_typed(command: list[str]) -> str:
    """The command as a person types it into a shell, also where a path has spaces."""
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)


def _ask_dependency_manager(requirements: str, say: Say) -> None:
    """Let the community plugin PythonDepManager do it, where it is there and works (it needs git)."""
    try:
        manager = importlib.import_module("PythonDepManager")
        manager.ensure_import(*(f"{name}>={'.'.join(map(str, version))}" for name, version in _pins(requirements)))
    except ModuleNotFoundError:
        return
    except Exception as error:  # noqa: BLE001 - somebody else's code, whose failures are not specified; we do it ourselves
        say("warning", f"PythonDepManager could not provide the packages ({error}): installing them privately")
    importlib.invalidate_caches()


def _use(dependencies: str) -> None:
    # Behind our own folder, before the system's: what we installed is what we were tested with.
    if os.path.isdir(dependencies) and dependencies not in sys.path:
        sys.path.insert(1, dependencies)
    importlib.invalidate_caches()


def _pins(requirements: str) -> list[tuple[str, tuple[int, ...]]]:
    with open(requirements, encoding="utf-8") as file:
        matches = [re.match(r"([A-Za-z0-9_.-]+)==([0-9.]+)", line) for line in file]
    return [(match[1], _version(match[2])) for match in matches if match]


def _installed_version(name: str) -> tuple[int, ...]:
    try:
        return _version(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return ()


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
