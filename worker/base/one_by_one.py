"""Things that are done together, or else one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")
Error = TypeVar("Error", bound=Exception)


def together_or_one_by_one(
    things: Sequence[Thing],
    act: Callable[[Sequence[Thing]], list[Result]],
    *,
    errors: type[Error],
    raise_if_shared: Callable[[Sequence[Thing], Error], object],
    failed: Callable[[Thing, Error], Result],
    has_seen_enough: Callable[[], bool] = lambda: False,
) -> list[Result]:
    """What `act` returns for all things at once; where that fails, which thing made it fail cannot be told: for each.

    `errors` are those that may be one thing's own. `raise_if_shared` gets what was done and its error, and raises where
    that is about more than one of the things. `failed` makes the result of a thing that fails even alone. Things that
    come after `has_seen_enough` have none.
    """
    try:
        return act(things)
    except errors as error:
        raise_if_shared(things, error)
        if len(things) == 1:
            return [failed(things[0], error)]
    results: list[Result] = []
    for thing in things:
        if has_seen_enough():
            break
        results += together_or_one_by_one([thing], act, errors=errors, raise_if_shared=raise_if_shared, failed=failed)
    return results
