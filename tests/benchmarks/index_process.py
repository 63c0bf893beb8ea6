"""`python -m tests.benchmarks.index_process URL FOLDER ITEMS`: index that Plex, print the cost as JSON.

A line of stdin, a line of stdout: the token makes it build in turns with a plain listing and look names up, the next
line build once more, and the one after that refresh.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from itertools import count
from typing import Any

import psutil
from pydantic import SecretStr

from plex.client import PlexClient
from plex.device_identity import DeviceIdentity
from plex.files.index import FileIndex
from plex.files.listing import SWEEP_PAGE_SIZE
from tests.benchmarks.peak_memory import peak_bytes
from tests.benchmarks.timing import in_turns, seconds_of

ROUNDS = 3
LOOKUPS = 2_000
MISSING_SHARE = 0.1


def main() -> None:
    """Do what the lines of stdin ask for, one after the other."""
    url, folder, items = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = PlexClient(url, SecretStr(sys.stdin.readline().strip()), DeviceIdentity("benchmark"))
    paths = (os.path.join(folder, f"index-{turn}.db") for turn in count())
    listing, build = in_turns(
        ROUNDS, lambda: seconds_of(lambda: _list(client)), lambda: seconds_of(lambda: _build(next(paths), client))
    )
    index = FileIndex.open(os.path.join(folder, "index-0.db"), client)
    lookups = _lookups(index, items)
    _print(
        listing=listing.median,
        build=build.median,
        lookups=lookups,
        peak=peak_bytes(psutil.Process()),
        file=os.path.getsize(os.path.join(folder, "index-0.db")),
    )
    sys.stdin.readline()
    _build(next(paths), client)
    _print()
    sys.stdin.readline()
    started = time.process_time()
    index.refresh()
    _print(refresh=time.process_time() - started)
    index.close()


def _print(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


def _list(client: PlexClient) -> None:
    (section,) = client.sections()
    start, total = 0, 1
    while start < total:
        page = client.list_page(section.key, start, SWEEP_PAGE_SIZE)
        start, total = start + len(page.items), page.total or 0


def _build(path: str, client: PlexClient) -> None:
    index = FileIndex.open(path, client)
    try:
        index.refresh()
    finally:
        index.close()


def _lookups(index: FileIndex, items: int) -> list[float]:
    chance = random.Random(1)
    numbers = [chance.randrange(items) if chance.random() > MISSING_SHARE else -1 for _ in range(LOOKUPS)]
    for number in numbers[:100]:
        index.lookup(f"scene-{number}.mp4")
    return [seconds_of(lambda number=number: index.lookup(f"scene-{number}.mp4")) for number in numbers]  # type: ignore[misc]


if __name__ == "__main__":
    main()
