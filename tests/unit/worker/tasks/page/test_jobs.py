"""By which title a job is shown, whatever is known of its scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from tests.support.workbench import Workbench
from worker.tasks.page.jobs import list_jobs
from worker.tasks.task import Task


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=1, obfuscate_paths=False) as made:
        yield made


def titles(bench: Workbench) -> list[str]:
    task = Task(bench.folder, Request({}, {"state": "waiting"}), bench.database, lambda: None, lambda: bench.workplace)
    jobs: list[dict[str, Any]] = list_jobs(task)["jobs"]
    return [job["title"] for job in jobs]


def test_an_edit_is_shown_by_the_title_that_was_synced_last(bench: Workbench) -> None:
    bench.enqueue(1)
    assert titles(bench) == [""]
    bench.drain()
    bench.enqueue(1)
    assert titles(bench) == ["Title 1"]


@pytest.mark.parametrize(("obfuscate", "title"), [(False, "scene-2"), (True, "")])
def test_a_scene_without_a_title_is_shown_by_its_file(bench: Workbench, obfuscate: bool, title: str) -> None:
    bench.configure(obfuscate_paths=obfuscate)
    bench.enqueue(bench.add_scene(in_plex=False, title="", details="Summary"))
    bench.run_until(lambda: bench.stats().waiting_for_retry == 1)
    assert titles(bench) == [title]
