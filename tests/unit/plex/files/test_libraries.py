"""Which libraries the setting plex_library means, and what is said where it means none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from plex.exceptions import PlexLibraryUnknown
from plex.files.libraries import configured_sections, is_configured
from plex.shown import Section

MOVIES, HOME, FILME = (
    Section(key, title, "movie", 0, (f"/media/{key}",))
    for key, title in ((1, "Movies"), (2, "Home Videos"), (3, "Filme"))
)
ALL = (MOVIES, HOME, FILME)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ALL),
        (["Movies"], (MOVIES,)),
        (["movies", " HOME VIDEOS "], (MOVIES, HOME)),
        (["Filme", "Movies"], (FILME, MOVIES)),
        (["Movies", "movies"], (MOVIES,)),
    ],
)
def test_the_libraries_that_are_meant(names: Sequence[str], expected: tuple[Section, ...]) -> None:
    assert configured_sections(ALL, names) == expected
    assert [section for section in ALL if is_configured(section.title, names)] == sorted(
        expected, key=lambda section: section.key
    )


def test_a_sharp_s_is_not_two_of_them() -> None:
    street, other = Section(4, "Straße", "movie", 0, ()), Section(5, "STRASSE", "movie", 0, ())
    assert configured_sections((street, other), ["strasse"]) == (other,)
    assert configured_sections((street, other), ["STRAßE"]) == (street,)


def test_of_one_name_all_are_meant() -> None:
    twin = Section(4, "movies", "movie", 0, ())
    assert configured_sections((*ALL, twin), ["Movies"]) == (MOVIES, twin)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Movis", 'Did you mean "Movies"?'),
        ("home video", 'Did you mean "Home Videos"?'),
        ("Films", 'Did you mean "Filme"?'),
        ("Holiday", "Choose one of these."),
    ],
)
def test_a_name_that_is_not_there_leads_to_those_that_are(name: str, hint: str) -> None:
    with pytest.raises(PlexLibraryUnknown) as caught:
        configured_sections(ALL, ["Movies", name])
    text = str(caught.value)
    assert f'Plex has no movie library "{name}" (plex_library under Settings > Plugins > PlexSync)' in text
    assert text.endswith(f'. It has "Movies", "Home Videos", "Filme". {hint}')
    assert caught.value.available == ("Movies", "Home Videos", "Filme")


def test_every_name_that_is_not_there_is_named() -> None:
    with pytest.raises(PlexLibraryUnknown, match=r'"One".*"Two"'):
        configured_sections(ALL, ["One", "Movies", "Two"])


@pytest.mark.parametrize("names", [[], ["Movies"]])
def test_a_plex_without_any_says_what_to_add(names: Sequence[str]) -> None:
    with pytest.raises(PlexLibraryUnknown, match=r"no library of type Movies or Other Videos\. Add one"):
        configured_sections((), names)
