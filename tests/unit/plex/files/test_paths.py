"""When two names are the same name, on two systems that write it differently."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.files.paths import fold_case, split_path

SHOWN = dict(zip(range(0xF020, 0xF02A), '"*:<>?\\| .', strict=True))
SFM = {0xF000 + code: chr(code) for code in range(1, 0x20)} | SHOWN


@pytest.mark.parametrize(("shown", "meant"), sorted(SFM.items()))
def test_a_character_that_smb_shows_otherwise_is_the_one_of_the_name(shown: int, meant: str) -> None:
    assert split_path(f"/media/a{chr(shown)}b.mp4").exact == split_path(f"/media/a{meant}b.mp4").exact


@pytest.mark.parametrize(("shown", "meant"), [("\uf02a", "*"), ("\uf03a", ":"), ("\uf03f", "?"), ("\uf07c", "|")])
def test_so_is_one_that_cygwin_shows_otherwise(shown: str, meant: str) -> None:
    assert split_path(f"a{shown}.mp4").exact == (f"a{meant}.mp4",)


def test_other_private_characters_are_themselves() -> None:
    assert split_path("a\uf8ff\uf000.mp4").exact == ("a\uf8ff\uf000.mp4",)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Straße", "STRASSE"), ("ﬁlm", "film"), ("ŉ", "\u02bcn"), ("İ", "i"), ("ᾳ", "\u03b1\u03b9")],
    ids=["sharp s", "ligature", "apostrophe n", "dotted I", "iota"],
)
def test_one_character_is_never_two(one: str, other: str) -> None:
    assert fold_case(one) != fold_case(other)


@pytest.mark.parametrize(("one", "other"), [("ÜBUNG", "übung"), ("ẞ", "ß"), ("ΣΑΣ", "σας"), ("Ж", "ж"), ("Ǆ", "ǆ")])
def test_case_does_not_matter(one: str, other: str) -> None:
    assert fold_case(one) == fold_case(other)


@given(st.text(max_size=12))
def test_property_folding_is_stable(text: str) -> None:
    assert fold_case(fold_case(text)) == fold_case(text)


LETTERS = st.characters(exclude_characters="/\\\uf026\uf05c\0", exclude_categories=["Cs"])
NAMES = st.text(LETTERS, min_size=1, max_size=12)


@given(NAMES)
def test_property_the_form_of_an_accent_does_not_matter(name: str) -> None:
    one, other = (split_path(unicodedata.normalize(form, name)) for form in ("NFC", "NFD"))
    assert (one.exact, one.folded) == (other.exact, other.folded)
