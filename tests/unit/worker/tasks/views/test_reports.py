"""A report that somebody asks for: by no name, by a damaged file, and whether its numbers add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from tests.contract.operation_shapes import check_answer
from tests.support.workbench import Workbench
from worker.errors import ArgumentError
from worker.sync.comparison import Verdict
from worker.tasks.reconcile import compare, reconcile
from worker.tasks.task import Task
from worker.tasks.views.reports import list_reports, show_report


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as bench:
        yield bench


def task(bench: Workbench, **args: Any) -> Task:
    return Task(bench.folder, Request({}, args), bench.database, lambda: None, lambda: bench.workplace)


def readers(bench: Workbench, name: str) -> tuple[Callable[[], object], ...]:
    """Who reads the rows of a report."""
    return lambda: reconcile(task(bench, report=name)), lambda: show_report(task(bench, name=name))


def made_report(bench: Workbench) -> Path:
    return Path(compare(task(bench))["report"])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"rows": 3}', '{"rows": [1]}', '{"rows": [{"verdict": "differs", "scene_id": null}]}', "{", "no"],
)
def test_a_damaged_report_is_no_report(bench: Workbench, text: str) -> None:
    path = made_report(bench)
    path.write_text(text, encoding="utf-8")
    for read in readers(bench, path.stem):
        with pytest.raises(ArgumentError, match="is no report that is kept"):
            read()
    assert list_reports(task(bench))["reports"] == []


@pytest.mark.parametrize("damage", ["", "{", '{"scene_id": 1},', "{},"])
def test_a_report_with_a_damaged_row_is_no_report(bench: Workbench, damage: str) -> None:
    path = made_report(bench)
    lines = path.read_text(encoding="utf-8").split("\n")
    row = next(number for number, line in enumerate(lines) if line.strip().startswith('{"') and "scene_id" in line)
    lines[row] = damage
    path.write_text("\n".join(lines), encoding="utf-8")
    for read in readers(bench, path.stem):
        try:
            read()
        except ArgumentError as error:
            assert "is no report that is kept" in str(error)


@pytest.mark.parametrize("name", ["", "  ", None])
def test_no_name_is_told_as_such(bench: Workbench, name: str | None) -> None:
    with pytest.raises(ArgumentError, match=r'^name is missing\. .*mode: "report"'):
        show_report(task(bench, name=name))


@pytest.mark.parametrize("name", ["report", "scene_ids"])
@pytest.mark.parametrize("value", ["", "  ", ",", [], {}])
def test_what_names_no_scene_does_not_stand_for_the_whole_library(bench: Workbench, name: str, value: object) -> None:
    with pytest.raises(ArgumentError):
        reconcile(task(bench, **{name: value}))
    assert bench.database.all("SELECT * FROM sqlite_sequence") == []


def test_the_scenes_of_a_report_are_those_of_its_verdicts(bench: Workbench) -> None:
    made = made_report(bench)
    stored = json.loads(made.read_text(encoding="utf-8"))
    for answer in (list_reports(task(bench)), show_report(task(bench, name=made.stem))):
        check_answer("reports" if "reports" in answer else "report", answer)
        summary = answer["reports"][0] if "reports" in answer else answer["report"]
        assert {each.value for each in Verdict} <= summary.keys()
        assert sum(summary[each.value] for each in Verdict) == summary["scenes"] == stored["scenes"] == 3
