"""`python -m tests.benchmarks.put_titles URL SECTION` < token and rating keys: PUTs in a row; prints how many a second.

Its own process, so that it shares nothing with the simulator but the connection, just as a drainer.
"""

from __future__ import annotations

import sys
import time

import requests


def main() -> None:
    """Put a title to each item, one after the other over one connection."""
    url, section = sys.argv[1:]
    token = sys.stdin.readline().strip()
    keys = sys.stdin.readline().split()
    with requests.Session() as session:
        session.headers["X-Plex-Token"] = token
        session.get(f"{url}/").raise_for_status()
        started = time.perf_counter()
        for key in keys:
            edit = {"type": "1", "id": key, "title.value": f"Reference {key}", "title.locked": "1"}
            session.put(f"{url}/library/sections/{section}/all", params=edit, timeout=30).raise_for_status()
        print(len(keys) / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
