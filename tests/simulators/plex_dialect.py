"""How a Plex understands what it is sent where sources disagree: each way is a value, and they combine.

    plex = PlexSimulator(dialect=Dialect("add", tag_names="first_spelling", removal_ignores_case=True))
    plex.change_dialect(ratings="half_stars")     # while it runs

Nothing here is a fault: each of these servers is well, and whoever writes to it must end right with it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from tests.simulators.plex_edits import TAG_FIELDS, EditMode

TagNames = Literal["as_sent", "first_spelling", "capitals", "rewritten"]
Ratings = Literal["as_sent", "half_stars", "whole_stars"]

RATING_STEPS: dict[Ratings, float] = {"half_stars": 1.0, "whole_stars": 2.0}  # of the 0..10 that five stars are


@dataclass(frozen=True)
class Dialect:
    """One way to understand edits; the defaults take everything as it is sent.

    Attributes:
        edit_mode: how the indexed form of tags is understood: "replace" the list, or "add" to it;
            "single_removal" adds, and honours only the first removal of each PUT, over all its kinds of tags.
        tag_names: how a tag's name is spelled in the server's one row for it, whatever case it is sent in:
            "as_sent" has a row for each spelling, and several may stand in one list; with "first_spelling" the
            spelling that the server met first stays; "capitals" makes that one's words begin with capitals
            ("of" becomes "Of"); "rewritten" makes another name of one with "&" ("and").
        respelled_kinds: to which kinds of tags `tag_names` applies, in Plex's names.
        removal_ignores_case: whether the `-=` form removes a name in every spelling, or only as it is sent.
        ratings: "as_sent", or rounded to "half_stars" (whole numbers of 0..10) or "whole_stars" (even ones).
        trims_text: whether blanks at the ends of texts and names of tags are cut off.
        year_follows: whether `year` is taken from a new date, or stays what it was.
        title_sort_follows: whether `titleSort` is made from a new title (without a leading article; absent where
            equal), unless the edit brings one or the field is locked.
        reselects_known_images: whether an upload of bytes that the item has already is shown, as a new one is.
    """

    edit_mode: EditMode = "replace"
    tag_names: TagNames = "as_sent"
    respelled_kinds: frozenset[str] = frozenset(TAG_FIELDS)
    removal_ignores_case: bool = False
    ratings: Ratings = "as_sent"
    trims_text: bool = False
    year_follows: bool = True
    title_sort_follows: bool = False
    reselects_known_images: bool = True

    def __str__(self) -> str:
        """Return what is not as by default, as the name of a parametrized test (`ids=str`)."""
        default = Dialect()
        others = [each.name for each in fields(self)[1:] if getattr(self, each.name) != getattr(default, each.name)]
        return "-".join([self.edit_mode, *(f"{name}={_named(getattr(self, name))}" for name in others)])

    def rounded(self, rating: float) -> float:
        """Return the rating (0..10) that is kept of one that is sent; halves go up."""
        step = RATING_STEPS.get(self.ratings)
        return rating if step is None else int(rating / step + 0.5) * step


def _named(value: object) -> str:
    return "+".join(sorted(value)) if isinstance(value, frozenset) else str(value)


EVERY_DIALECT: tuple[Dialect, ...] = (
    Dialect("replace"),
    Dialect("add"),
    Dialect("single_removal"),
    Dialect("replace", "first_spelling", removal_ignores_case=True, ratings="half_stars"),
    Dialect("add", "first_spelling", year_follows=False, reselects_known_images=False),
    Dialect("add", "capitals", removal_ignores_case=True, trims_text=True, title_sort_follows=True),
    Dialect("add", "capitals", frozenset({"label", "collection"}), ratings="whole_stars"),
    Dialect("add", "as_sent", removal_ignores_case=True, reselects_known_images=False),
    Dialect("single_removal", "first_spelling", removal_ignores_case=True, trims_text=True),
)
"""What a real Plex may be, for tests that hold for all: each mode at least once, beside modes that it meets."""
