"""All that a process will need is imported before its first claim: its files may be replaced while it works."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import PROJECT

ROOMS = ("worker", "plex", "stash", "sync_queue", "storage", "validation", "network")
NOT_OF_A_DRAINER = {"worker/__init__.py", "worker/process/task_runner.py", "worker/process/doctor_without.py"}
"""Modules whose late imports are names for others, and a task's own."""
TASKS = "worker/tasks/"
"""A drainer has none of them; and what they import late is before the work."""
OF_THE_DRAINERS_PROCESS = {"worker.process.drain_process", "worker.process.drain_host"}
OPTIONAL = {"PIL"}
"""Packages that only a setting needs. They are in the data folder, where no update of the plugin touches them."""


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


@pytest.mark.parametrize(
    ("modules", "of_the_other"),
    [
        ("worker.drainer, worker.process.drain_process, worker.process.drain_host", set[str]()),
        ("worker.process.task_runner, worker.tasks.bulk_sync", OF_THE_DRAINERS_PROCESS),
    ],
    ids=["a drainer", "a task in the foreground"],
)
def test_no_late_import_is_left_to_whoever_works(modules: str, of_the_other: set[str]) -> None:
    found = dict(late_imports())
    assert {"subprocess", "storage.local_files", "worker.process.drain_process"} <= found.keys()
    script = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT)
    missing = {module: file for module, file in found.items() if module not in loaded.stdout.split()}
    assert missing.keys() <= of_the_other | OPTIONAL, missing


def test_the_rooms_are_all_there_are() -> None:
    packages = {path.parent.name for path in Path(PROJECT).glob("*/__init__.py")}
    assert packages <= {*ROOMS, "tests", "tools"}
