"""Several writes at a time, and never two of one item."""

from __future__ import annotations

import threading
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sync.parallel import grouped_by_key, run_in_parallel

KEYS = st.lists(st.lists(st.integers(0, 6), max_size=3), max_size=12)


@given(keys=KEYS, width=st.integers(1, 4))
def test_works_that_share_a_key_keep_their_order_and_all_are_done_once(keys: list[list[int]], width: int) -> None:
    done: list[int] = []
    lock = threading.Lock()

    def act(work: int) -> None:
        with lock:
            done.append(work)

    run_in_parallel(list(enumerate(keys)), act, width)
    assert sorted(done) == list(range(len(keys)))
    by_key: dict[int, list[int]] = defaultdict(list)
    for work in done:
        for key in keys[work]:
            by_key[key].append(work)
    assert all(order == sorted(order) for order in by_key.values())


@given(keys=KEYS)
def test_no_key_is_in_two_lanes(keys: list[list[int]]) -> None:
    groups = grouped_by_key(list(enumerate(keys)))
    owners: dict[int, int] = {}
    for number, group in enumerate(groups):
        for work in group:
            assert all(owners.setdefault(key, number) == number for key in keys[work])


def test_two_are_under_way_at_once() -> None:
    both = threading.Barrier(2, timeout=10)

    def act(_: int) -> None:
        both.wait()

    run_in_parallel([(1, [1]), (2, [2])], act, 2)


def test_an_exception_ends_all_and_leaves_out_what_has_not_begun() -> None:
    begun: list[int] = []

    def act(work: int) -> None:
        begun.append(work)
        raise OSError(f"number {work}")

    with pytest.raises(OSError, match="number"):
        run_in_parallel([(number, [number]) for number in range(50)], act, 2)
    assert len(begun) < 50
