"""Together where that goes, one by one where one thing may be what makes all of them fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from worker.base.one_by_one import together_or_one_by_one


class Shared(Exception):
    """About all things, whichever was asked for."""


class Counter:
    """Doubles numbers; refuses `bad` ones, and everything for a `shared` reason from call number `shared_at` on."""

    def __init__(self, bad: Sequence[int] = (), shared_at: int = 99) -> None:
        self.calls: list[list[int]] = []
        self._bad = bad
        self._shared_at = shared_at

    def double(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        if len(self.calls) >= self._shared_at:
            raise Shared
        if set(numbers) & set(self._bad):
            raise ValueError(numbers)
        return [2 * number for number in numbers]

    def run(self, numbers: Sequence[int], enough_after: int = 99) -> list[int]:
        return together_or_one_by_one(
            numbers,
            self.double,
            errors=Exception,
            raise_if_shared=_raise_if_shared,
            failed=lambda number, error: -number,
            has_seen_enough=lambda: len(self.calls) > enough_after,
        )


def _raise_if_shared(numbers: Sequence[int], error: Exception) -> None:
    if isinstance(error, Shared):
        raise error


def test_what_goes_together_is_done_together() -> None:
    counter = Counter()
    assert counter.run([1, 2, 3]) == [2, 4, 6]
    assert counter.calls == [[1, 2, 3]]


def test_one_that_fails_costs_the_others_nothing_but_a_call_each() -> None:
    counter = Counter(bad=[2])
    assert counter.run([1, 2, 3]) == [2, -2, 6]
    assert counter.calls == [[1, 2, 3], [1], [2], [3]]


def test_one_alone_is_not_done_twice() -> None:
    counter = Counter(bad=[1])
    assert counter.run([1]) == [-1]
    assert counter.calls == [[1]]


@pytest.mark.parametrize("shared_at", [1, 2, 3])
def test_what_is_about_all_of_them_ends_everything(shared_at: int) -> None:
    counter = Counter(bad=[1], shared_at=shared_at)
    with pytest.raises(Shared):
        counter.run([1, 2, 3])
    assert len(counter.calls) == shared_at


def test_nothing_more_is_tried_once_enough_was_seen() -> None:
    counter = Counter(bad=[1, 2])
    assert counter.run([1, 2, 3], enough_after=2) == [-1, -2]
