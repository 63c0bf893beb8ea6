"""Cleaning of text: invariants over any text, and the examples that decided the rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.limits import cut_to_characters, cut_to_url_bytes, url_bytes
from validation.sanitizers import clean_date, clean_line, clean_lines, clean_names

AWKWARD = st.sampled_from(
    "\0\t\n\r\x1f\x85\xa0\u0301\u0308\u1100\u1161\u200b\u200d\u2028\u212b\ufeff\ud800\uffffé👩🏽家%,"
)
TEXTS = st.text(st.one_of(st.characters(), AWKWARD))
LONG_TEXTS = st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 2_000))
CHARACTERS = 255


def one_line(text: str) -> str:
    return clean_line(text, CHARACTERS)


def lines(text: str) -> str:
    return clean_lines(text)


def unique(names: Iterable[str]) -> tuple[str, ...]:
    return clean_names(names, CHARACTERS)


CLEANERS = [one_line, lines, clean_date]


@pytest.mark.parametrize("clean", CLEANERS)
@given(text=LONG_TEXTS)
def test_cleaning_what_is_clean_changes_nothing(clean: Callable[[str], str], text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(text=LONG_TEXTS)
def test_limits_hold(text: str) -> None:
    assert len(one_line(text)) <= CHARACTERS


@pytest.mark.parametrize("clean", [one_line, lines])
@given(text=TEXTS)
def test_nothing_unprintable_is_left(clean: Callable[[str], str], text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not [each for each in cleaned if unicodedata.category(each) in ("Cc", "Cs") and each != "\n"]
    assert cleaned == cleaned.strip()


@given(text=TEXTS)
def test_titles_and_names_are_one_line_with_single_spaces(text: str) -> None:
    cleaned = one_line(text)
    assert cleaned == " ".join(cleaned.split())


@given(text=st.text(st.characters(codec="utf-8")))
def test_url_bytes_count_as_urllib_encodes(text: str) -> None:
    assert url_bytes(text) == len(quote(text, safe=""))


@given(names=st.lists(TEXTS))
def test_names_are_unique_without_case_in_order_and_never_empty(names: list[str]) -> None:
    cleaned = unique(names)
    assert "" not in cleaned
    assert len({name.casefold() for name in cleaned}) == len(cleaned)
    in_order = iter(map(one_line, names))
    assert all(name in in_order for name in cleaned)
    assert unique(cleaned) == cleaned


def test_the_first_spelling_of_a_name_stays_and_any_character_is_legal() -> None:
    assert unique(["Doe, Jane", " ", "doe,  JANE", "50% & more", "Zoë", "Zoe\u0308"]) == (
        "Doe, Jane",
        "50% & more",
        "Zoë",
    )


def test_a_title_is_folded_into_one_line() -> None:
    assert one_line("  A\tlong\r\n title\0 \u2028here\u200b ") == "A long title here"


def test_a_summary_keeps_its_lines_and_its_indentation() -> None:
    assert lines("\nFirst.  \r\n\r\n  Second,\tindented.\x07\n") == "First.\n\n  Second, indented."


def test_what_only_a_control_character_kept_apart_is_composed() -> None:
    assert one_line("e\0\u0301") == "é"


def test_a_cut_never_parts_an_accent_or_a_joined_emoji_from_what_it_belongs_to() -> None:
    family = "👩\u200d👧"
    assert cut_to_characters("ab" + family, 3) == "ab"
    assert cut_to_characters("ab" + family, 4) == "ab"
    assert cut_to_characters("ab" + family, 5) == "ab" + family
    assert cut_to_characters("xq\u0323\u0307", 3) == "x"
    assert cut_to_characters("one two", 4) == "one"


def test_a_text_of_nothing_but_accents_is_cut_all_the_same() -> None:
    assert cut_to_characters("\u0301" * 9, 4) == "\u0301" * 4


def test_a_summary_is_cut_by_what_it_costs_in_a_url() -> None:
    assert cut_to_url_bytes("家家家", 9) == "家"
    assert cut_to_url_bytes("家家家", 17) == "家"
    assert cut_to_url_bytes("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", "2024-02-29"),
        (" 2024-02-29 ", "2024-02-29"),
        ("2024-02", "2024-02-01"),
        ("2024", "2024-01-01"),
        ("2023-02-29", ""),
        ("2024-13", ""),
        ("0000", ""),
        ("2024-1-2", ""),
        ("29.02.2024", ""),
        ("٢٠٢٤", ""),
        ("2024-02-29T10:00:00Z", ""),
        ("", ""),
    ],
)
def test_dates(text: str, expected: str) -> None:
    assert clean_date(text) == expected


@given(date=st.dates())
def test_every_calendar_date_passes_unchanged(date: object) -> None:
    assert clean_date(str(date)) == str(date)
