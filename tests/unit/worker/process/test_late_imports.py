"""All that a drainer will need is imported before its first claim: its files may be replaced while it works."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.world import PROJECT

ROOMS = ("worker", "plex", "stash", "sync_queue", "storage", "validation", "network")
NOT_OF_A_DRAINER = {"worker/__init__.py", "worker/process/task_runner.py", "worker/process/doctor_without.py"}
"""Modules whose late imports are names for others, and a task's own."""
TASKS = "worker/tasks/"
"""A drainer has none of them."""


def late_imports() -> Iterator[tuple[str, str]]:
    """Modules that are imported within functions, and the file that does it."""
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            file = path.relative_to(PROJECT).as_posix()
            if file in NOT_OF_A_DRAINER or file.startswith(TASKS):
                continue
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef):
                    yield from ((module, file) for module in imported_in(function))


def imported_in(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_late_import_is_left_to_a_drainer_that_works() -> None:
    found = dict(late_imports())
    assert {"subprocess", "storage.local_files", "worker.process.drain_process"} <= found.keys()
    script = "import sys, worker.drainer, worker.process.drain_process, worker.process.drain_host; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT)
    missing = {module: file for module, file in found.items() if module not in loaded.stdout.split()}
    assert missing == {}


def test_the_rooms_are_all_there_are() -> None:
    packages = {path.parent.name for path in Path(PROJECT).glob("*/__init__.py")}
    assert packages <= {*ROOMS, "tests", "tools"}
