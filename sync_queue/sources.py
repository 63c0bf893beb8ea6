"""Who asked for a job, and what follows from it. On the hook's path: constants and plain functions only.

A job into which others were folded names all who asked, joined by SEPARATOR: whatever one of them may do, it may do.
"""

from __future__ import annotations

SEPARATOR = "+"

BULK = "bulk"
HOOK = "hook"
HOOKS = (HOOK, f"{BULK}{SEPARATOR}{HOOK}")
"""The hook of one scene's edit, and that of a scene which is edited with others at once."""
RIVAL = "rival"
"""Another scene has given up an item that this one leads to, or was written to it while Plex swapped their keys."""
REFUSED = "refused"
"""It is time to try once more what Plex refused of a scene."""
BY_THEMSELVES = frozenset({HOOK, BULK, "catch-up", "reconcile", "rename", "removal", "found", RIVAL})
"""Those that leave alone what Plex refused, but for the fields that a hook says were saved."""
WHOLE_LIBRARY = frozenset(
    {"all", "recent", "catch-up", "reconcile", "reconcile_now", "rename", "removal", REFUSED, "found", RIVAL}
)
"""Those that are about no scene in particular: they leave alone what was undone."""


def joined_sources(one: str, other: str) -> str:
    """Who asked for a job that does the work of two."""
    return one if one == other else SEPARATOR.join(sorted({*one.split(SEPARATOR), *other.split(SEPARATOR)}))


def is_asked_by_a_person(source: str) -> bool:
    """Whether any of those who asked is, or acts for, a person."""
    return not BY_THEMSELVES.issuperset(source.split(SEPARATOR))


def is_about_the_library(source: str) -> bool:
    """Whether nobody asked for just this scene."""
    return WHOLE_LIBRARY.issuperset(source.split(SEPARATOR))


def is_another_try(source: str) -> bool:
    """Whether nobody asked, and only what Plex refused is tried once more."""
    return source == REFUSED


def is_asked_by(source: str, who: str) -> bool:
    """Whether `who` is among those who asked."""
    return who in source.split(SEPARATOR)
