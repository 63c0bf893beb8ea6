"""One page of a list of scenes, read so that a scene of which Stash cannot tell anything keeps no other off it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stash.exceptions import StashQueryFailed

Row = TypeVar("Row")
Ask = Callable[[int, int], list[Row]]
"""Asks for the page of a number (from 1) and a size. Raises StashQueryFailed."""

MOST_UNREADABLE = 10
"""Rows of one page, beyond which it is Stash that fails. Chosen: a broken scene is a rare thing."""


@dataclass(frozen=True)
class Gap:
    """A scene in a list of ids whose own id nobody can tell: the ids before and behind it, None at an end."""

    before: int | None
    behind: int | None
    reason: str

    def may_hide(self, scene_id: int) -> bool:
        """Whether a scene of this id may be the one, in a list that ascends."""
        is_behind = self.before is None or scene_id > self.before
        return is_behind and (self.behind is None or scene_id < self.behind)


@dataclass(frozen=True)
class IdPage:
    """A page of a list of scenes: the ids that Stash could list, and the `gaps` between them."""

    ids: list[int]
    gaps: tuple[Gap, ...] = ()
    is_last: bool = True


def id_page(rows: Sequence[int | StashQueryFailed], size: int, after: int | None = None) -> IdPage:
    """The page that these rows make, which were asked for as `size` of them, behind the scene `after`."""
    gaps = tuple(_gaps(rows, after))
    return IdPage([row for row in rows if isinstance(row, int)], gaps, len(rows) < size)


def _gaps(rows: Sequence[int | StashQueryFailed], after: int | None) -> Iterator[Gap]:
    before = after
    for place, row in enumerate(rows):
        if isinstance(row, int):
            before = row
        else:
            behind = next((each for each in rows[place + 1 :] if isinstance(each, int)), None)
            yield Gap(before, behind, row.reason)


def page_without(ask: Ask[Row], number: int, size: int) -> list[Row | StashQueryFailed]:
    """A page's rows, with the error in the place of each that cannot be read. One request, unless one cannot.

    Raises StashQueryFailed where neither end of the page can be read, or too many rows cannot.
    """
    try:
        return [*ask(number, size)]
    except StashQueryFailed as error:
        rows = _divided(ask, number, size, error) if size > 1 and _has_a_sound_end(ask, number, size) else []
        if not rows or sum(isinstance(row, StashQueryFailed) for row in rows) > MOST_UNREADABLE:
            raise
        return rows


def _divided(ask: Ask[Row], number: int, size: int, error: StashQueryFailed) -> list[Row | StashQueryFailed]:
    """The rows of a page that fails with `error`, by smaller ones that make it up."""
    if size == 1:
        return [error]
    parts = next(factor for factor in range(2, size + 1) if size % factor == 0)
    rows: list[Row | StashQueryFailed] = []
    for part in range((number - 1) * parts + 1, number * parts + 1):
        try:
            rows.extend(ask(part, size // parts))
        except StashQueryFailed as failure:
            divided = _divided(ask, part, size // parts, failure)
            rows.extend(divided)
    return rows


def _has_a_sound_end(ask: Ask[Row], number: int, size: int) -> bool:
    """Whether the first or the last place can be read, be it as an empty one."""
    for place in ((number - 1) * size + 1, number * size):
        try:
            ask(place, 1)
        except StashQueryFailed:
            continue
        return True
    return False
