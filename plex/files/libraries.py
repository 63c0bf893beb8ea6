"""Which of Plex's libraries the settings mean."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from plex.exceptions import PlexLibraryUnknown
from plex.files.paths import fold_case
from plex.shown import Section

_WHERE = "plex_library under Settings > Plugins > PlexSync"


def configured_sections(sections: Sequence[Section], names: Sequence[str]) -> tuple[Section, ...]:
    """The sections with these titles (without regard to case), or all of them where no names are given.

    Raises PlexLibraryUnknown for a name that is not there, and where there is no section at all.
    """
    available = tuple(section.title for section in sections)
    if not sections:
        raise PlexLibraryUnknown("Plex has no library of type Movies or Other Videos. Add one, then sync again", ())
    by_name: dict[str, list[Section]] = {}
    for section in sections:
        by_name.setdefault(_comparable(section.title), []).append(section)
    unknown = [name for name in names if _comparable(name) not in by_name]
    if unknown:
        raise PlexLibraryUnknown(" ".join(_sentence(name, available) for name in unknown), available)
    if not names:
        return tuple(sections)
    chosen = {section.key: section for name in names for section in by_name[_comparable(name)]}
    return tuple(chosen.values())


def is_configured(title: str, names: Sequence[str]) -> bool:
    """Whether the section of this title is one that the settings mean."""
    return not names or _comparable(title) in map(_comparable, names)


def _sentence(name: str, available: Sequence[str]) -> str:
    originals = {_comparable(title): title for title in available}
    near = difflib.get_close_matches(_comparable(name), originals, n=1)
    hint = f'Did you mean "{originals[near[0]]}"?' if near else "Choose one of these."
    listed = ", ".join(f'"{title}"' for title in available)
    return f'Plex has no movie library "{name}" ({_WHERE}). It has {listed}. {hint}'


def _comparable(title: str) -> str:
    return fold_case(title.strip())
