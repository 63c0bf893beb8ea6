"""Several writes in flight at once, but never two of the same item: those keep their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

Work = TypeVar("Work")


def run_in_lanes(works: Sequence[tuple[Work, Sequence[int]]], act: Callable[[Work], None], width: int) -> None:
    """Call `act` for each work, at most `width` at a time; works that share one of their keys go in the order given.

    The first exception ends all: what has not begun is left out, what is under way is waited for, and it is raised.
    """
    lanes = lanes_of(works)
    if width == 1 or len(lanes) < 2:
        for lane in lanes:
            _run(lane, act)
        return
    with ThreadPoolExecutor(max_workers=min(width, len(lanes)), thread_name_prefix="write") as pool:
        futures = [pool.submit(_run, lane, act) for lane in lanes]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failures = [error for future in done if (error := future.exception()) is not None]
        if failures:
            pool.shutdown(wait=True, cancel_futures=True)
            raise failures[0]


def lanes_of(works: Sequence[tuple[Work, Sequence[int]]]) -> list[list[Work]]:
    """The works grouped so that no key occurs in two groups, each group in the order given."""
    lanes: list[list[tuple[int, Work]]] = []
    lane_of_key: dict[int, list[tuple[int, Work]]] = {}
    for position, (work, keys) in enumerate(works):
        shared = {id(lane_of_key[key]): lane_of_key[key] for key in keys if key in lane_of_key}
        merged = [entry for lane in shared.values() for entry in lane] + [(position, work)]
        lanes = [lane for lane in lanes if id(lane) not in shared] + [merged]
        taken = {key for key, lane in lane_of_key.items() if id(lane) in shared} | set(keys)
        lane_of_key.update(dict.fromkeys(taken, merged))
    return [[work for _, work in sorted(lane, key=lambda entry: entry[0])] for lane in lanes]


def _run(lane: Sequence[Work], act: Callable[[Work], None]) -> None:
    for work in lane:
        act(work)
