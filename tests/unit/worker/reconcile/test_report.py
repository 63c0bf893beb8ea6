"""Reports: whole as JSON, safe and bounded as a page, and never more than the newest few."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from worker.data_folder import DataFolder
from worker.reconcile.page import SHOWN_CHARACTERS, SHOWN_ROWS
from worker.reconcile.report import KEPT_REPORTS, ReportFiles, write_report
from worker.reconcile.run import report_rows
from worker.sync.comparison import Difference, SceneComparison, Verdict

NOW = 1_800_000_000.0
HOSTILE = "<script>alert('1')</script>\"><img src=x onerror=alert(2)> & \udc80"
SUMMARY = {
    "kind": "compare",
    "scope": "all",
    "since": None,
    "started_at": NOW,
    "ended_at": NOW + 75.0,
    "scenes": 10,
    **{verdict.value: 1 for verdict in Verdict},
    "fields": {"title": 1, "tags": 3},
    "enqueued": 0,
    "row_count": 0,
}


class Page(HTMLParser):
    """A page as a browser would take it apart: its elements, and the text of each table cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "td":
            self.cells.append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data

    def names(self) -> set[str]:
        return {name for name, _ in self.tags}


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(str(tmp_path / "data"))
    os.makedirs(made.reports)
    return made


def differing(*differences: Difference, title: str = "A title") -> SceneComparison:
    return SceneComparison(7, Verdict.DIFFERS, title, "/data/a.mp4", differences)


def write(folder: DataFolder, *results: SceneComparison, obfuscate: bool = False, **summary: Any) -> ReportFiles:
    rows = [row for result in results for row in report_rows(result, obfuscate)]
    whole = {**SUMMARY, "row_count": len(rows), **summary}
    return write_report(folder, whole, lambda: iter(rows), "http://127.0.0.1:9999")


def page_of(files: ReportFiles) -> Page:
    return Page(Path(files.html).read_text(encoding="utf-8"))


def cells_of(folder: DataFolder, *results: SceneComparison) -> list[str]:
    return page_of(write(folder, *results)).cells


# --- the page


def test_a_row_says_scene_title_field_was_and_will_be(folder: DataFolder) -> None:
    result = differing(Difference(1, "title", "Old", "New"), Difference(1, "rating", None, 8.5))
    page = page_of(write(folder, result))
    assert page.cells == ["7", "A title", "title", "Old", "New", "7", "A title", "rating", "nothing", "8.5"]
    assert {"href": "http://127.0.0.1:9999/scenes/7", "data-path": "/scenes/7"} in [each for _, each in page.tags]


@pytest.mark.parametrize("kind", ["compare", "reconcile"])
def test_the_columns_say_whose_value_they_show(folder: DataFolder, kind: str) -> None:
    html = Path(write(folder, differing(Difference(1, "title", "Old", "New")), kind=kind).html).read_text()
    heads = re.findall(r'<th scope="col"><button type="button">([^<]+)</button></th>', html)
    assert heads == ["Scene", "Title", "Field", "In Plex", "In Stash"]
    assert re.findall(r'<td data-label="([^"]+)">', html) == heads


def test_one_second_and_one_scene_are_in_the_singular(folder: DataFolder) -> None:
    files = write(folder, kind="reconcile", differs=1, enqueued=1, ended_at=NOW + 1.0)
    html = Path(files.html).read_text()
    assert ", 1 second: all scenes. 1 scene was put in the queue." in html


def test_names_of_a_list_that_come_or_go_are_marked(folder: DataFolder) -> None:
    html = Path(write(folder, differing(Difference(1, "tags", ("Stays", "Goes"), ("Stays", "Comes")))).html).read_text()
    assert "Stays, <del>Goes</del>" in html
    assert "Stays, <ins>Comes</ins>" in html


def test_text_from_outside_cannot_become_markup(folder: DataFolder) -> None:
    plain = page_of(write(folder, differing(Difference(1, "title", "a", "b"), Difference(1, "tags", ("c",), ("d",)))))
    result = differing(
        Difference(1, "title", HOSTILE, HOSTILE + "2"), Difference(1, "tags", (HOSTILE,), ("d",)), title=HOSTILE
    )
    files = write_report(
        folder,
        {**SUMMARY, "row_count": 2, "fields": {HOSTILE: 3}},
        lambda: iter(report_rows(result, False)),
        f"http://{HOSTILE}",
    )
    page = page_of(files)
    assert page.names() == plain.names()
    assert [name for name, _ in page.tags].count("script") == 1
    assert not [attributes for _, attributes in page.tags if "onerror" in attributes]
    assert page.cells[3] == HOSTILE.replace("\udc80", "?")


def test_only_our_script_may_run_and_nothing_is_loaded(folder: DataFolder) -> None:
    page = page_of(write(folder, differing(Difference(1, "title", "a", "b"))))
    policy = next(each["content"] for name, each in page.tags if each.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/]+=*'", policy)
    loading = [each for name, each in page.tags if {"src", "srcset", "action"} & each.keys() or name == "link"]
    assert loading == []


def test_the_page_stays_small_whatever_differs(folder: DataFolder) -> None:
    results = [differing(Difference(1, "summary", "", "x" * 5_000)) for _ in range(SHOWN_ROWS + 5)]
    files = write(folder, *results)
    page = page_of(files)
    assert len(page.cells) == 5 * SHOWN_ROWS
    assert max(map(len, page.cells)) == SHOWN_CHARACTERS + 1
    html = Path(files.html).read_text(encoding="utf-8")
    assert f"The first {SHOWN_ROWS:,} of {SHOWN_ROWS + 5:,} rows" in html
    assert os.path.basename(files.json) in html
    assert len(json.loads(Path(files.json).read_text())["rows"]) == SHOWN_ROWS + 5


def test_of_long_texts_that_begin_alike_the_difference_is_shown(folder: DataFolder) -> None:
    alike = "word " * 400
    cells = cells_of(folder, differing(Difference(1, "summary", alike + "old end", alike + "new end")))
    assert cells[3].startswith("…")
    assert cells[3].endswith("old end")
    assert cells[4].endswith("new end")


def test_a_library_in_step_has_no_table(folder: DataFolder) -> None:
    page = page_of(write(folder, fields={}))
    assert "table" not in page.names()


def test_what_was_not_found_is_explained(folder: DataFolder) -> None:
    rivals = ("/media/new/a.mp4", "/media/old/a.mp4")
    cells = cells_of(
        folder,
        SceneComparison(1, Verdict.NOT_IN_PLEX, "", "/data/a.mp4"),
        SceneComparison(2, Verdict.AMBIGUOUS, "Two", "/data/b.mp4", candidates=rivals),
        SceneComparison(3, Verdict.FAILED, reason="Plex answered 500"),
    )
    rows: list[Sequence[str]] = [cells[start : start + 5] for start in (0, 5, 10)]
    assert [row[2] for row in rows] == ["not in Plex", "ambiguous", "not compared"]
    assert rows[0][1] == "/data/a.mp4"
    assert all(rival in rows[1][3] for rival in rivals)
    assert "Plex answered 500" in rows[2][3]


def test_paths_can_be_hidden(folder: DataFolder) -> None:
    results = [
        SceneComparison(1, Verdict.NOT_IN_PLEX, "", "/data/secret.mp4"),
        SceneComparison(2, Verdict.AMBIGUOUS, "", "/data/secret.mp4", candidates=("/media/secret.mp4",)),
    ]
    for file in write(folder, *results, obfuscate=True):
        text = Path(file).read_text(encoding="utf-8")
        assert "secret" not in text
        assert "[path " in text


# --- the files


def test_the_json_report_has_all_of_it(folder: DataFolder) -> None:
    files = write(folder, differing(Difference(5, "tags", ("a",), ("b", "c"))))
    report = json.loads(Path(files.json).read_text())
    assert {name: report[name] for name in SUMMARY} == {**SUMMARY, "row_count": 1}
    assert report["format"] == 1
    row = {"scene_id": 7, "title": "A title", "path": "/data/a.mp4", "verdict": "differs", "rating_key": 5}
    assert report["rows"] == [
        {
            **row,
            "field": "tags",
            "was": ["a"],
            "will_be": ["b", "c"],
            "lock_only": False,
            "refused": False,
            "candidates": [],
            "reason": "",
        }
    ]


def test_a_report_without_rows_is_json_too(folder: DataFolder) -> None:
    assert json.loads(Path(write(folder).json).read_text())["rows"] == []


def test_only_the_newest_reports_stay(folder: DataFolder) -> None:
    other = Path(folder.reports, "notes.txt")
    other.write_text("mine")
    written = [write(folder, started_at=NOW + 60.0 * number) for number in range(KEPT_REPORTS + 3)]
    kept = {os.path.basename(path) for files in written[3:] for path in files}
    assert set(os.listdir(folder.reports)) == kept | {"notes.txt"}
