"""What an edit makes of an item, and which fields follow others."""

from __future__ import annotations

from collections.abc import Callable, Collection

from tests.simulators.plex_dialect import Dialect
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS, Edit
from tests.simulators.plex_items import Item
from tests.simulators.plex_tags import honoured_removals, with_arrivals, without_removed

ARTICLES = ("the ", "a ", "an ")

Stored = Callable[[str, str], str]


def apply_edit(item: Item, edit: Edit, dialect: Dialect, stored: Stored) -> None:
    """Change an item as one PUT says; `stored` turns a field's name and a value or tag into what is kept of it."""
    for name, value in edit.text.items():
        setattr(item, TEXT_FIELDS[name], stored(name, value))
    for kind, names in edit.tags.items():
        arriving = [stored(kind, name) for name in names]
        setattr(item, TAG_FIELDS[kind], with_arrivals(getattr(item, TAG_FIELDS[kind]), arriving, dialect))
    for kind, name in honoured_removals(edit, dialect):
        setattr(item, TAG_FIELDS[kind], without_removed(getattr(item, TAG_FIELDS[kind]), name, dialect))
    _cast(item, edit, dialect, stored)
    item.locked = (item.locked | edit.locks) - edit.unlocks
    follow(item, {TEXT_FIELDS[name] for name in edit.text}, dialect)


def _cast(item: Item, edit: Edit, dialect: Dialect, stored: Stored) -> None:
    """Give actors their parts: a list that replaces brings them anew, one that adds keeps those it does not name."""
    if "actor" in edit.tags and dialect.edit_mode == "replace":
        item.characters = {}
    characters = item.characters | {stored("actor", name): text for name, text in edit.characters.items()}
    item.characters = {name: text for name, text in characters.items() if name in item.roles and text}


def follow(item: Item, changed: Collection[str], dialect: Dialect) -> None:
    """Change what follows the attributes that were changed, where this server does so."""
    if dialect.year_follows and "originally_available_at" in changed and "year" not in changed:
        item.year = year_of(item.originally_available_at)
    may_follow = "title_sort" not in changed and "titleSort" not in item.locked
    if dialect.title_sort_follows and "title" in changed and may_follow:
        item.title_sort = sort_title(item.title)


def year_of(date: str) -> int | None:
    """Return the year of a YYYY-MM-DD; None where it is empty."""
    return int(date[:4]) if date else None


def sort_title(title: str) -> str:
    """Return a title without its article; empty where there is none, for Plex then shows no titleSort."""
    article = next((each for each in ARTICLES if title.lower().startswith(each)), "")
    return title[len(article) :] if article else ""
