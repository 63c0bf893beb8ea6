"""The page of a report in a browser: found in, sorted, read on a phone, and dark where the reader's system is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from plex.files.index_besides import BesideFile
from tests.ui.site import PATIENCE, axe_violations, last_look
from worker.data_folder import DataFolder
from worker.reconcile.report import write_report
from worker.reconcile.rows import MARKS, UNKNOWN, report_rows, unknown_row
from worker.sync.comparison import Difference, SceneComparison, Verdict

FILM = "plex://movie/5d776825880197001ec90e3b"
LONG = "A summary that goes on and on. " * 12
SCENES = (
    SceneComparison(
        7,
        Verdict.DIFFERS,
        "Autumn Walk",
        "/data/vid/Studio A/autumn walk.mp4",
        (
            Difference(60, "tags", ("Outdoor",), ("Outdoor", "Interview")),
            Difference(60, "summary", "", LONG),
            Difference(60, "title", "Autumn Walk", "Autumn Walk", is_lock=True),
            Difference(60, "studio", "", "Studio A", is_refused=True),
        ),
        guids={60: FILM},
    ),
    SceneComparison(12, Verdict.NOT_IN_PLEX, "Night Train to Lisbon", "/data/vid/Studio A/night train.mp4"),
    SceneComparison(
        17,
        Verdict.AMBIGUOUS,
        "Two Copies",
        "/data/vid/x/copy.mp4",
        candidates=("/media/first disk/x/copy.mp4", "/media/second disk/x/copy.mp4"),
    ),
    SceneComparison(18, Verdict.IN_STEP, "Winter", "/data/vid/Studio A/winter.mp4", guids={66: FILM}),
)
FILES = (
    BesideFile("/media/movies/old/unknown.mp4", 70, "Movies", FILM, False),
    BesideFile("/media/movies/old/gone.mp4", 71, "Movies", "", True),
)


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The address of a report's page."""
    folder = DataFolder(str(tmp_path / "data"))
    os.makedirs(folder.reports)
    rows = [row for scene in SCENES for row in report_rows(scene, obfuscate_paths=False)]
    files = [unknown_row(file, obfuscate_paths=False) for file in FILES]
    summary = {
        "kind": "compare",
        "scope": "all",
        "since": None,
        "started_at": 1_800_000_000.0,
        "ended_at": 1_800_000_075.0,
        "scenes": 200,
        **{verdict.value: 1 for verdict in Verdict},
        "fields": {"tags": 1, "title": 1, "studio": 1, "summary": 1},
        **dict.fromkeys(MARKS, 1),
        UNKNOWN: len(files),
        "enqueued": 0,
        "listed": len(SCENES),
        "row_count": len(rows),
    }
    written = write_report(folder, summary, lambda: iter(rows), lambda: iter(files), "http://127.0.0.1:9999")
    return Path(written.html).as_uri()


@pytest.fixture
def page(browser: Browser, report: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report)
    yield page
    context.close()
    assert complaints == []


def rows_become(page: Page, wanted: list[str]) -> None:
    """Wait until these are the rows that are seen, by the first word of each."""
    rows = page.locator("tbody tr:visible")
    assert last_look(page, lambda: [row.split()[0] for row in rows.all_inner_texts()], wanted) == wanted


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("", ["7", "12", "17", "18", "…/old/unknown.mp4", "…/old/gone.mp4"]),
        ("tags", ["7"]),
        ("not locked", ["7"]),
        ("refused by Plex", ["7"]),
        ("not in Plex", ["12"]),
        ("matched by an agent", ["7", "18", "…/old/unknown.mp4"]),
        ("only in Plex", ["…/old/unknown.mp4", "…/old/gone.mp4"]),
    ],
)
def test_rows_are_found_by_what_is_said_of_them(page: Page, kind: str, rows: list[str]) -> None:
    page.locator("#kind").select_option(kind)
    rows_become(page, rows)
    expect(page.locator("#count")).to_have_text("1 row" if len(rows) == 1 else f"{len(rows)} rows")


def test_rows_are_found_by_any_text_and_by_the_beginning_of_a_path(page: Page) -> None:
    page.get_by_label("Find").fill("/data/vid/studio a")
    rows_become(page, ["7", "12", "18"])


def test_a_column_sorts_its_own_table(page: Page) -> None:
    for name in ("Title", "File"):
        page.get_by_role("button", name=name).click()
    rows_become(page, ["7", "12", "17", "18", "…/old/gone.mp4", "…/old/unknown.mp4"])
    page.get_by_role("button", name="Title").click()
    rows_become(page, ["18", "17", "12", "7", "…/old/gone.mp4", "…/old/unknown.mp4"])


def test_a_path_shows_its_beginning_when_it_is_opened(page: Page) -> None:
    whole = page.get_by_text("/data/vid/Studio A/autumn walk.mp4")
    expect(whole).to_be_hidden()
    page.get_by_text("…/Studio A/autumn walk.mp4").click()
    expect(whole).to_be_visible()


def test_the_links_lead_to_where_the_reader_reaches_stash(page: Page) -> None:
    page.get_by_label("Stash at").fill("https://stash.example/x/")
    page.get_by_label("Stash at").press("Enter")
    expect(page.get_by_role("link", name="12")).to_have_attribute("href", "https://stash.example/x/scenes/12")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_is_as_dark_as_the_readers_system_fits_a_phone_and_can_be_read_by_all(
    page: Page, scheme: Literal["light", "dark"], width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for closed in page.locator("details").all():
        closed.evaluate("each => { each.open = true; }")
    red = "Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])"
    page.wait_for_function(f"({red} < 60) === {'true' if scheme == 'dark' else 'false'}")
    page.wait_for_function(f"document.documentElement.scrollWidth <= {width}")
    assert axe_violations(page) == []
