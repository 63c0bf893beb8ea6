"""The page in Chromium: its bytes, what it takes to show 10,000 failed jobs, and what it costs open and idle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Request, Response, sync_playwright

from sync_queue.database import open_queue_database
from tests.benchmarks.operations import bury
from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MILLISECONDS, Sample, in_turns, seconds_of
from tests.ui.host_build import build_host, find_chromium
from tests.ui.site import Window
from tests.ui.stash_with_pages import StashWithPages
from tests.world import World, wait_until

ROUNDS = 7
FEW, MANY = 60, 10_000
"""Failed jobs: two pages, and two hundred."""
MOST_BYTES = 150_000
LOOK_SECONDS = 15
"""Between two looks of the page at the live file while nothing moves (ui/live.js)."""
LOOKS = 3600 // LOOK_SECONDS
ASKED_LOOKS = 24
"""Looks of the hour that are taken where each starts a process; the others cost the same."""
TEXT = (
    "Chromium on the host page of tests/ui (React's development build; Stash ships the faster one), the real plugin in "
    f"processes of its own behind it. {MANY:,} failed jobs stand beside {FEW}. An hour is one of Chromium's own clock, "
    f"put on by {LOOK_SECONDS} s after each answer; kB are requests and answers with their heads, processes are those "
    "that Stash starts for the page."
)


@dataclass(frozen=True)
class Hour:
    """What an hour costs: requests, their bytes, and the processes that were started for them."""

    requests: float
    bytes: float
    processes: float

    def shown(self) -> str:
        """As the table has it."""
        return f"{self.processes:,.0f} processes, {self.requests:,.0f} requests, {self.bytes / 1_000:,.0f} kB"


def measure(folder: Path) -> Table:
    """The table of the page."""
    build_host()
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        stack.callback(browser.close)
        few, many = (stack.enter_context(_world_with(folder / f"{count}", count)) for count in (FEW, MANY))
        rows = [_bytes(few), *_failed_jobs(browser, few, many)]
        rows += _hours(browser, stack.enter_context(_world_with(folder / "idle", 0)))
    return Table("page", "The page in Stash", TEXT, tuple(rows))


def _world_with(folder: Path, failed: int) -> World:
    folder.mkdir()
    world = World(folder, 1, idle_seconds=600.0, stash=StashWithPages)
    Path(world.data.queue).mkdir(parents=True)
    database = open_queue_database(world.data.queue)
    bury(database, failed)
    database.close()
    return world


def _window(browser: Browser, world: World) -> Window[StashWithPages]:
    assert isinstance(world.stash, StashWithPages)
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    return Window(page, world.stash)


def _bytes(world: World) -> Row:
    served = sum(
        len(requests.get(f"{world.stash.url}/plugin/PlexSync/{kind}", timeout=10).content)
        for kind in ("javascript", "css")
    )
    bar = at_most(served / 1_000, MOST_BYTES / 1_000, " kB")
    return Row("scripts and style as served, unpacked", f"{served / 1_000:.1f} kB", bar=bar)


def _failed_jobs(browser: Browser, *worlds: World) -> list[Row]:
    """What a person waits for with few failed jobs and with many, in turns."""
    few, many = (_window(browser, world) for world in worlds)
    measures: dict[str, Callable[[Window[StashWithPages]], float]] = {
        "first paint of `?tab=failed`": _first_paint,
        "… until the first rows are shown": lambda window: seconds_of(partial(_open, window)),
        "click on *Next page*, until its rows are shown": _next_page,
        "click on *Select this page*, until it is shown": _select_page,
    }
    rows = []
    for what, action in measures.items():
        in_turns(1, partial(action, few), partial(action, many))
        reference, taken = in_turns(ROUNDS, partial(action, few), partial(action, many))
        rows.append(_row(f"{what}, {MANY:,} failed jobs", taken, reference))
    few.page.close()
    many.page.close()
    return rows


def _row(what: str, taken: Sample, reference: Sample) -> Row:
    ratio = taken.ratios(reference).shown(decimals=2)
    shown = partial(Sample.shown, unit="ms", scale=MILLISECONDS, decimals=0)
    return Row(what, shown(taken), f"{FEW} failed jobs: {shown(reference)}", ratio)


def _open(window: Window[StashWithPages]) -> None:
    window.open("failed")
    window.page.locator(".plexsync-row").first.wait_for()


def _first_paint(window: Window[StashWithPages]) -> float:
    _open(window)
    milliseconds: float = window.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return milliseconds / MILLISECONDS


def _next_page(window: Window[StashWithPages]) -> float:
    _open(window)

    def click() -> None:
        window.press("Next page")
        window.page.locator(".plexsync-pager", has_text="51").first.wait_for()

    return seconds_of(click)


def _select_page(window: Window[StashWithPages]) -> float:
    _open(window)

    def click() -> None:
        window.page.get_by_label("Select this page").check(force=True)
        window.page.get_by_text("50 selected").first.wait_for()

    return seconds_of(click)


def _hours(browser: Browser, world: World) -> list[Row]:
    """An hour beside an idle drainer, one without a drainer, and one where the live file cannot be written."""
    world.edit(1, title="Done", details="d")
    world.wait_until_drained()
    rows = [("a drainer idles", _hour(browser, world, "live/status.json", LOOKS))]
    world.kill_drainer()
    wait_until(lambda: not world.drainer_is_alive(), "the drainer's end")
    world.stash.run_operation("PlexSync", mode="queue_status", quiet=True)
    _put_in_the_way(world)
    rows.append(("the live file cannot be written", _hour(browser, world, "graphql", ASKED_LOOKS)))
    return [Row(f"an hour open and idle, {what}", hour.shown()) for what, hour in rows]


def _put_in_the_way(world: World) -> None:
    for path in Path(world.data.live).iterdir():
        path.unlink()
    Path(world.data.live).rmdir()
    Path(world.data.live).write_text("a file, where a folder should be", encoding="utf-8")


def _hour(browser: Browser, world: World, address: str, looks: int) -> Hour:
    """So many looks of an hour, each at `address`; what the hour costs if all are like these."""
    window = _window(browser, world)
    window.page.clock.install()
    window.open("status").shows("In numbers")
    window.page.wait_for_load_state("networkidle")
    seen: list[Request] = []
    window.page.on("requestfinished", lambda request: seen.append(request))
    before = len(world.stash.runs)

    def is_the_look(response: Response) -> bool:
        return address in response.url

    for _ in range(looks):
        with window.page.expect_response(is_the_look) as answered:
            window.page.clock.run_for(LOOK_SECONDS * 1_000)
        answered.value.finished()
    sizes: list[Any] = [request.sizes() for request in seen]
    share = LOOKS / looks
    hour = Hour(
        len(seen) * share, sum(sum(size.values()) for size in sizes) * share, (len(world.stash.runs) - before) * share
    )
    window.page.close()
    return hour
