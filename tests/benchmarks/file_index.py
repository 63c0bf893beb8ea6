"""The index of Plex's files: building it, asking it, and the memory for that."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.peak_memory import MEGABYTE
from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MICROSECONDS, sample
from tests.simulators.plex import PlexSimulator
from tests.world import PROJECT, TOKEN

SMALL, LARGE = 1_000, 100_000
MEMORY_BAR = 150
LOOKUP_BAR = 1.0
ITEMS_PER_FOLDER = 100
TEXT = (
    "A process of its own indexes a library and then looks up 2,000 names, a tenth of which are not there. Building "
    "is beside reading the same pages and throwing them away, in turns; looking up and memory are beside the small "
    "library."
)


def measure(folder: Path) -> Table:
    """The table of the index."""
    small, large = (index_in_process(folder / str(items), items) for items in (SMALL, LARGE))
    build, listing = large["build"], large["listing"]
    lookup, small_lookup = sample(large["lookups"]), sample(small["lookups"])
    peak, small_peak = (each["peak"] / MEGABYTE for each in (large, small))
    most = statistics.quantiles(lookup.values, n=100)[-1] * 1_000
    rows = (
        Row(f"build, {LARGE:,} items", f"{build:.1f} s", f"listing: {listing:.1f} s", f"{build / listing:.2f}"),
        Row(
            "peak memory of the process",
            f"{peak:.0f} MB",
            f"{SMALL:,} items: {small_peak:.0f} MB",
            f"{peak / small_peak:.2f}",
            at_most(peak, MEMORY_BAR, " MB"),
        ),
        Row(
            "one lookup",
            lookup.shown("µs", MICROSECONDS, decimals=0),
            f"{SMALL:,} items: {small_lookup.shown('µs', MICROSECONDS, decimals=0)}",
            f"{lookup.median / small_lookup.median:.2f}",
            at_most(most, LOOKUP_BAR, " ms in 99 of 100"),
        ),
    )
    return Table("index", f"Index of {LARGE:,} items", TEXT, rows)


def index_in_process(folder: Path, items: int) -> dict[str, Any]:
    """Let a process of its own index so many items: what index_process.py prints, and the bytes that Plex sent."""
    folder.mkdir(parents=True)
    with PlexSimulator(token=TOKEN) as plex:
        section = plex.add_section("Movies", locations=["/media/movies"])
        for number in range(items):
            plex.add_item(section, f"/media/movies/folder-{number // ITEMS_PER_FOLDER}/scene-{number}.mp4")
        command = [sys.executable, "-m", "tests.benchmarks.index_process", plex.url, str(folder), str(items)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=PROJECT
        ) as process:
            measured: dict[str, Any] = _asked(process, TOKEN)
            plex.reset_log()
            measured |= _asked(process, "build")
            measured["bytes"] = plex.bytes_sent
            plex.add_item(section, "/media/movies/folder-0/new-scene.mp4")
            plex.reset_log()
            measured |= _asked(process, "refresh")
            measured["refresh_bytes"] = plex.bytes_sent
    return measured


def _asked(process: subprocess.Popen[str], line: str) -> dict[str, Any]:
    assert process.stdin and process.stdout
    process.stdin.write(f"{line}\n")
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer
