"""What it costs to find a file where many share its name."""

from __future__ import annotations

import random
import time
from pathlib import Path

from plex.files.index import FileIndex
from plex.files.index_store import IndexStore, KnownSection
from plex.matcher import Matcher
from plex.shown import ListedItem
from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MICROSECONDS, Sample, sample
from tests.support.plex_examples import client_of

SIZES = (1_000, 10_000, 100_000)
MATCHES = 500
BAR_MILLISECONDS = 1.0
NOWHERE = "http://127.0.0.1:1"
"""The index is asked, not Plex."""
TEXT = (
    "Processor time of one look-up by path, where every file in Plex is called scene.mp4, each in a folder of its own; "
    f"about a tenth of {MATCHES} look-ups finds nothing. The reference is the smallest library."
)


def measure(folder: Path) -> Table:
    """The table of equal names."""
    samples = {size: _match(folder / f"{size}.db", size) for size in SIZES}
    smallest = samples[SIZES[0]]
    rows = tuple(
        Row(
            f"one look-up among {size:,} files of one name",
            taken.shown("µs", MICROSECONDS, decimals=0),
            f"{SIZES[0]:,} files: {smallest.shown('µs', MICROSECONDS, decimals=0)}",
            f"{taken.median / smallest.median:.2f}",
            at_most(taken.median * 1_000, BAR_MILLISECONDS, " ms"),
        )
        for size, taken in samples.items()
    )
    return Table("names", "Equal names", TEXT, rows)


def _match(path: Path, size: int) -> Sample:
    now = time.time()
    store = IndexStore.open(str(path), time.time)
    store.put_section(KnownSection(1, "Movies", ("/media/movies",), 1, now, now))
    paths = [f"/media/movies/folder-{number}/scene.mp4" for number in range(1, size + 1)]
    store.put_items(1, [ListedItem(number, (path,)) for number, path in enumerate(paths, start=1)])
    index = FileIndex(store, client_of(NOWHERE), time.time, ())
    matcher = Matcher(index, (), ("/data",), allow_ambiguous=False)
    chance = random.Random(1)
    taken = [_seconds(matcher, chance.randrange(1, size + size // 10)) for _ in range(MATCHES)]
    index.close()
    return sample(taken)


def _seconds(matcher: Matcher, number: int) -> float:
    started = time.process_time()
    matcher.match([f"/data/folder-{number}/scene.mp4"])
    return time.process_time() - started
