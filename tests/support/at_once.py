"""Many callers at the same instant."""

from __future__ import annotations

import threading
from typing import Any


def at_once(act: Any, count: int) -> None:
    """Call `act(number)` for the numbers from 0 in as many threads, all let go at the same instant."""
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        act(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
