"""Reports: whole as JSON, safe and bounded as a page, and never more than the newest few."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from plex.files.index_besides import BesideFile
from worker.data_folder import DataFolder
from worker.reconcile.page_rows import SHOWN_CHARACTERS, SHOWN_ROWS, path_html
from worker.reconcile.report import KEPT_REPORTS, ReportFiles, write_report
from worker.reconcile.rows import MARKS, UNKNOWN, report_rows, unknown_row
from worker.sync.comparison import Difference, SceneComparison, Verdict

NOW = 1_800_000_000.0
FILM = "plex://movie/5d776825880197001ec90e3b"
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
    **dict.fromkeys(MARKS, 1),
    UNKNOWN: None,
    "enqueued": 0,
    "listed": 1,
    "row_count": 0,
}


class Page(HTMLParser):
    """A page as a browser would take it apart: its elements, and the texts in each row of its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(html)
        self.rows = [row for row in self.rows if row]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        self._in_cell = self._in_cell or tag == "td"

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._in_cell and data.strip():
            self.rows[-1].append(data.strip())

    def names(self) -> set[str]:
        return {name for name, _ in self.tags}


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(str(tmp_path / "data"))
    os.makedirs(made.reports)
    return made


def differing(*differences: Difference, title: str = "A title") -> SceneComparison:
    return SceneComparison(7, Verdict.DIFFERS, title, "/data/a.mp4", differences)


def write(
    folder: DataFolder,
    *results: SceneComparison,
    obfuscate: bool = False,
    unknown: Sequence[BesideFile] | None = None,
    **summary: Any,
) -> ReportFiles:
    rows = [row for result in results for row in report_rows(result, obfuscate)]
    files = [unknown_row(file, obfuscate) for file in unknown or ()]
    count = None if unknown is None else len(unknown)
    whole = {**SUMMARY, "row_count": len(rows), "listed": len(results), UNKNOWN: count, **summary}
    return write_report(folder, whole, lambda: iter(rows), lambda: iter(files), "http://127.0.0.1:9999")


def page_of(files: ReportFiles) -> Page:
    return Page(Path(files.html).read_text(encoding="utf-8"))


def rows_of(folder: DataFolder, *results: SceneComparison, **more: Any) -> list[list[str]]:
    """The texts of each table row, be it about a scene or about a file."""
    return page_of(write(folder, *results, **more)).rows


# --- the page


def test_a_scene_is_one_row_with_all_that_differs(folder: DataFolder) -> None:
    results = [
        differing(Difference(1, "title", "Old", "New"), Difference(1, "rating", None, 8.5)),
        SceneComparison(8, Verdict.DIFFERS, "Other", "/data/b.mp4", (Difference(2, "title", "a", "b"),)),
    ]
    page = page_of(write(folder, *results))
    assert page.rows == [
        ["7", "A title", "/data/a.mp4", "title", "Old", "New", "rating", "nothing", "8.5"],
        ["8", "Other", "/data/b.mp4", "title", "a", "b"],
    ]
    assert {"href": "http://127.0.0.1:9999/scenes/7", "data-path": "/scenes/7"} in [each for _, each in page.tags]


def test_of_a_scene_with_several_items_it_is_said_which_one_differs(folder: DataFolder) -> None:
    (row,) = rows_of(folder, differing(Difference(5, "title", "a", "b"), Difference(6, "title", "c", "b")))
    assert row[3:] == ["title", "item 5", "a", "b", "title", "item 6", "c", "b"]


def test_a_lock_alone_and_a_refusal_are_called_so(folder: DataFolder) -> None:
    result = differing(
        Difference(1, "title", "Same", "Same", is_lock=True),
        Difference(1, "tags", ("a",), ("b",), is_refused=True),
        Difference(1, "poster", "/library/1", "/library/1", is_lock=True),
        Difference(1, "background", "/library/2", "/library/2", is_refused=True),
    )
    page = page_of(write(folder, result))
    equal = "the same, but not locked: Plex's next refresh could replace it"
    assert page.rows[0][3:] == [
        *("title", "not locked", "Same", equal),
        *("tags", "refused by Plex", "a", "b"),
        *("poster", "not locked", "the picture", equal),
        *("background", "refused by Plex", "another picture", "the scene's cover"),
    ]
    kinds = next(each["data-kinds"] for name, each in page.tags if name == "tr" and "data-kinds" in each)
    assert kinds == "title|tags|poster|background|not locked|refused by Plex"
    choices = {each["value"] for name, each in page.tags if name == "option"}
    assert {"not locked", "refused by Plex", "tags"} <= choices


def test_an_item_that_an_agent_has_matched_is_said_to_be(folder: DataFolder) -> None:
    result = replace(differing(Difference(1, "title", "a", "b"), Difference(1, "date", "", "2026")), guids={1: FILM})
    in_step = SceneComparison(9, Verdict.IN_STEP, "In step", "/data/c.mp4", guids={3: FILM})
    matched = ["An agent in Plex has matched it to a film:", FILM]
    first, second = rows_of(folder, in_step, result)  # what is to be done comes first
    assert first[3:] == ["title", "a", "b", "date", "nothing", "2026", *matched]
    assert second == ["9", "In step", "/data/c.mp4", *matched]


def test_files_that_stash_does_not_know_have_a_table(folder: DataFolder) -> None:
    files = [
        BesideFile("/media/Studio/a.mp4", 5, "Movies", "", False),
        BesideFile("/media/b.mp4", 6, "Clips", FILM, True),
    ]
    assert rows_of(folder, unknown=files) == [
        ["…/Studio/a.mp4", "/media/Studio/a.mp4", "Movies"],
        ["/media/b.mp4", "Clips", "It is in Plex's trash.", "An agent in Plex has matched it to a film:", FILM],
    ]
    assert rows_of(folder, unknown=[]) == []
    assert "only in Plex" in Path(write(folder, unknown=[]).html).read_text()
    assert "only in Plex" not in Path(write(folder).html).read_text()  # a scope that cannot tell


def test_of_many_unknown_files_the_page_shows_the_first(folder: DataFolder) -> None:
    many = [BesideFile(f"/media/{number}.mp4", number, "Movies", "", False) for number in range(SHOWN_ROWS + 5)]
    files = write(folder, unknown=many)
    assert len(page_of(files).rows) == SHOWN_ROWS
    assert f"The first {SHOWN_ROWS:,} of {SHOWN_ROWS + 5:,} files" in Path(files.html).read_text()
    assert len(json.loads(Path(files.json).read_text())["unknown"]) == SHOWN_ROWS + 5


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/data/vid/Studio A/night.mp4", "…/Studio A/night.mp4"),
        ("D:\\vid\\Studio A\\night.mp4", "…\\Studio A\\night.mp4"),
        ("/data/night.mp4", None),
        ("[path 3f2a91c04b].mp4", None),
        ("<b>/x/y/z", "…/y/z"),
    ],
)
def test_a_path_shows_its_end_and_all_of_it_when_opened(path: str, end: str | None) -> None:
    html = path_html(path)
    assert f"{escape(path)}</code>" in html
    assert ("<details" in html) == (end is not None)
    if end is not None:
        assert f"<summary>{escape(end)}</summary>" in html


@pytest.mark.parametrize("kind", ["compare", "reconcile"])
def test_the_columns_say_whose_value_they_show(folder: DataFolder, kind: str) -> None:
    html = Path(write(folder, differing(Difference(1, "title", "Old", "New")), kind=kind).html).read_text()
    heads = re.findall(r'<th scope="col"><button type="button">(.+?)</button></th>', html)
    assert [re.findall(r"[^<>]+(?=<|$)", re.sub(r"<[^>]+>", "<", head)) for head in heads] == [
        ["Scene"],
        ["Title"],
        ["Field", "In Plex", "In Stash"],
    ]
    assert re.findall(r'data-label="([^"]+)">', html) == ["Scene", "Title", "In Plex", "In Stash"]


def test_one_second_and_one_scene_are_in_the_singular(folder: DataFolder) -> None:
    files = write(folder, kind="reconcile", differs=1, enqueued=1, ended_at=NOW + 1.0)
    html = Path(files.html).read_text()
    assert ", all scenes in 1 second. 1 scene was put in the queue." in html


def test_one_file_and_one_scene_in_a_tile_are_in_the_singular(folder: DataFolder) -> None:
    file = BesideFile("/a/b/c", 1, "a", FILM, False)
    html = Path(write(folder, scenes=1, unknown=[file]).html).read_text()
    assert "<dd>1<small>file</small>" in html
    assert "<dt>scene</dt><dd>1<" in html
    html = Path(write(folder, scenes=2, unknown=[]).html).read_text()
    assert "<dd>0<small>files</small>" in html
    assert "<dt>scenes</dt><dd>2<" in html


def test_names_of_a_list_that_come_or_go_are_marked(folder: DataFolder) -> None:
    html = Path(write(folder, differing(Difference(1, "tags", ("Stays", "Goes"), ("Stays", "Comes")))).html).read_text()
    assert "Stays, <del>Goes</del>" in html
    assert "Stays, <ins>Comes</ins>" in html


def test_text_from_outside_cannot_become_markup(folder: DataFolder) -> None:
    some = differing(Difference(1, "title", "a", "b"), Difference(1, "tags", ("c",), ("d",)))
    known = replace(some, path="/a/b/c", guids={1: FILM})
    plain = page_of(write(folder, known, unknown=[BesideFile("/a/b/c", 1, "a", FILM, False)]))
    result = differing(
        Difference(1, "title", HOSTILE, HOSTILE + "2"), Difference(1, "tags", (HOSTILE,), ("d",)), title=HOSTILE
    )
    file = BesideFile(f"/a/b/{HOSTILE}", 1, HOSTILE, HOSTILE, False)
    files = write_report(
        folder,
        {**SUMMARY, "row_count": 2, "fields": {HOSTILE: 3}, UNKNOWN: 1},
        lambda: iter(report_rows(replace(result, path=f"/a/b/{HOSTILE}", guids={1: HOSTILE}), False)),
        lambda: iter([unknown_row(file, False)]),
        f"http://{HOSTILE}",
    )
    page = page_of(files)
    assert page.names() == plain.names()
    assert [name for name, _ in page.tags].count("script") == 1
    assert not [attributes for _, attributes in page.tags if "onerror" in attributes]
    assert HOSTILE.replace("\udc80", "?") in page.rows[0]


def test_only_our_script_may_run_and_nothing_is_loaded(folder: DataFolder) -> None:
    page = page_of(write(folder, differing(Difference(1, "title", "a", "b"))))
    policy = next(each["content"] for name, each in page.tags if each.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/]+=*'", policy)
    loading = [each for name, each in page.tags if {"src", "srcset", "action"} & each.keys() or name == "link"]
    assert loading == []


def test_the_page_stays_small_whatever_differs(folder: DataFolder) -> None:
    one = differing(Difference(1, "summary", "", "x" * 5_000))
    results = [replace(one, scene_id=number) for number in range(SHOWN_ROWS + 5)]
    files = write(folder, *results)
    rows = page_of(files).rows
    assert len(rows) == SHOWN_ROWS
    assert max(len(each) for row in rows for each in row) == SHOWN_CHARACTERS + 1
    html = Path(files.html).read_text(encoding="utf-8")
    assert f"The first {SHOWN_ROWS:,} of {SHOWN_ROWS + 5:,} rows" in html
    assert os.path.basename(files.json) in html
    assert len(json.loads(Path(files.json).read_text())["rows"]) == SHOWN_ROWS + 5


def test_of_long_texts_that_begin_alike_the_difference_is_shown(folder: DataFolder) -> None:
    alike = "word " * 400
    (row,) = rows_of(folder, differing(Difference(1, "summary", alike + "old end", alike + "new end")))
    assert row[-2].startswith("…")
    assert row[-2].endswith("old end")
    assert row[-1].endswith("new end")


def test_a_library_in_step_has_no_table(folder: DataFolder) -> None:
    page = page_of(write(folder, fields={}))
    assert "table" not in page.names()


def test_what_was_not_found_is_explained(folder: DataFolder) -> None:
    rivals = ("/media/new/a.mp4", "/media/old/a.mp4")
    rows = rows_of(
        folder,
        SceneComparison(1, Verdict.NOT_IN_PLEX, "", "/data/a.mp4"),
        SceneComparison(2, Verdict.AMBIGUOUS, "Two", "/data/b.mp4", candidates=rivals),
        SceneComparison(3, Verdict.FAILED, reason="Plex answered 500"),
    )
    assert rows[0] == [
        *("1", "/data/a.mp4", "not in Plex", "Plex has no such file:", "/data/a.mp4"),
        "goes to Plex once it has scanned the folder",
    ]
    assert rows[1][:4] == ["2", "Two", "/data/b.mp4", "ambiguous"]
    assert all(rival in rows[1] for rival in rivals)
    assert rows[2][:4] == ["3", "not compared", "Plex failed:", "Plex answered 500"]


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
            "guid": "",
        }
    ]
    assert report["unknown"] == []


def test_a_report_without_rows_is_json_too(folder: DataFolder) -> None:
    assert json.loads(Path(write(folder).json).read_text())["rows"] == []


def test_only_the_newest_reports_stay(folder: DataFolder) -> None:
    other = Path(folder.reports, "notes.txt")
    other.write_text("mine")
    written = [write(folder, started_at=NOW + 60.0 * number) for number in range(KEPT_REPORTS + 3)]
    kept = {os.path.basename(path) for files in written[3:] for path in files}
    assert set(os.listdir(folder.reports)) == kept | {"notes.txt"}
