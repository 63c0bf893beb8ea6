"""Several writes in flight at once, but never two of the same item: those keep their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

Work = TypeVar("Work")


def run_in_parallel(works: Sequence[tuple[Work, Sequence[int]]], act: Callable[[Work], None], width: int) -> None:
    """Call `act` for each work, at most `width` at a time; works that share one of their keys go in the order given.

    The first exception ends all: what has not begun is left out, what is under way is waited for, and it is raised.
    """
    groups = grouped_by_key(works)
    if width == 1 or len(groups) < 2:
        for group in groups:
            _run(group, act)
        return
    with ThreadPoolExecutor(max_workers=min(width, len(groups)), thread_name_prefix="write") as pool:
        futures = [pool.submit(_run, group, act) for group in groups]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failures = [error for future in done if (error := future.exception()) is not None]
        if failures:
            pool.shutdown(wait=True, cancel_futures=True)
            raise failures[0]


def grouped_by_key(works: Sequence[tuple[Work, Sequence[int]]]) -> list[list[Work]]:
    """The works grouped so that no key occurs in two groups, each group in the order given."""
    groups: list[list[tuple[int, Work]]] = []
    group_of_key: dict[int, list[tuple[int, Work]]] = {}
    for position, (work, keys) in enumerate(works):
        shared = {id(group_of_key[key]): group_of_key[key] for key in keys if key in group_of_key}
        merged = [entry for group in shared.values() for entry in group] + [(position, work)]
        groups = [group for group in groups if id(group) not in shared] + [merged]
        taken = {key for key, group in group_of_key.items() if id(group) in shared} | set(keys)
        group_of_key.update(dict.fromkeys(taken, merged))
    return [[work for _, work in sorted(group, key=lambda entry: entry[0])] for group in groups]


def _run(group: Sequence[Work], act: Callable[[Work], None]) -> None:
    for work in group:
        act(work)
