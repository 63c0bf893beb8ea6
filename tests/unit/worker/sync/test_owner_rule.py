"""Whose an item is, as a function of values."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.files.paths import split_path
from worker.sync.ownership import Claim, Reason, Yielded, owner_of, path_pattern, reason_for

FIRST, SECOND = "/media/a.mp4", "/media/b.mp4"
ONE = Claim(1, files=frozenset({SECOND}))
TWO = Claim(2, files=frozenset({FIRST}))
THREE = Claim(3, files=frozenset({SECOND}), is_pinned=True)
FOUR = Claim(4, files=frozenset({FIRST}))


@pytest.mark.parametrize(
    ("claims", "owned_by", "owner", "reason"),
    [
        ((TWO, ONE), 0, TWO, Reason.FIRST_FILE),
        ((ONE, TWO), 1, ONE, Reason.CAME_FIRST),
        ((ONE, TWO), 9, TWO, Reason.FIRST_FILE),
        ((THREE, ONE), 1, THREE, Reason.PINNED),
        ((THREE, TWO), 0, THREE, Reason.PINNED),
        ((FOUR, TWO), 0, TWO, Reason.LOWER_ID),
        ((FOUR, TWO), 4, FOUR, Reason.CAME_FIRST),
    ],
)
def test_a_pin_then_who_was_there_then_the_first_file_then_the_lower_id(
    claims: tuple[Claim, Claim], owned_by: int, owner: Claim, reason: Reason
) -> None:
    (other,) = {*claims} - {owner}
    assert owner_of(claims, FIRST, owned_by) == owner
    assert reason_for(owner, other, FIRST) is reason


CLAIMS = st.lists(
    st.builds(
        Claim,
        st.integers(1, 6),
        st.just(""),
        st.frozensets(st.sampled_from((FIRST, SECOND))),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda claim: claim.scene_id,
)


@given(CLAIMS, st.integers(0, 7), st.randoms(use_true_random=False))
def test_there_is_one_owner_in_whatever_order_they_come(
    claims: list[Claim], owned_by: int, chance: random.Random
) -> None:
    owner = owner_of(claims, FIRST, owned_by)
    chance.shuffle(claims)
    assert owner in claims
    assert owner_of(claims, FIRST, owned_by) == owner


@given(CLAIMS, st.integers(0, 7))
def test_who_owns_it_stays_the_owner(claims: list[Claim], owned_by: int) -> None:
    owner = owner_of(claims, FIRST, owned_by)
    assert owner_of(claims, FIRST, owner.scene_id) == owner
    assert owner_of(claims, SECOND, owner.scene_id) == owner  # whatever file becomes the first


@given(CLAIMS, st.integers(0, 7))
def test_a_claim_that_goes_changes_nothing_unless_it_was_the_owners(claims: list[Claim], owned_by: int) -> None:
    owner = owner_of(claims, FIRST, owned_by)
    for gone in claims:
        left = [claim for claim in claims if claim != gone]
        if left and gone != owner:
            assert owner_of(left, FIRST, owned_by) == owner


@given(CLAIMS, st.integers(0, 7))
def test_each_of_the_others_is_told_one_reason(claims: list[Claim], owned_by: int) -> None:
    owner = owner_of(claims, FIRST, owned_by)
    assert all(reason_for(owner, other, FIRST) in Reason for other in claims if other != owner)


def test_two_that_lead_to_one_file_by_their_tails_are_ambiguous() -> None:
    same = Claim(5, files=frozenset({FIRST}), by_tail=True)
    assert Yielded(1, TWO, same, Reason.LOWER_ID).is_ambiguous
    assert not Yielded(1, ONE, same, Reason.LOWER_ID).is_ambiguous
    assert not Yielded(1, TWO, FOUR, Reason.LOWER_ID).is_ambiguous


def test_whose_path_is_exactly_the_files_beats_whoever_owned_it_be_it_left_alone_or_not() -> None:
    exact = Claim(9, files=frozenset({FIRST}), likeness=2)
    for likeness in (0, 1):
        other = Claim(2, files=frozenset({FIRST}), likeness=likeness)
        for rival in (exact, replace(exact, takes_part=False)):
            assert owner_of([other, rival], FIRST, owned_by=2) == rival
            assert reason_for(rival, other, FIRST) is Reason.EXACT
        assert owner_of([replace(other, is_pinned=True), exact], FIRST, 0).scene_id == 2
        both = replace(other, files=frozenset({FIRST, SECOND}))
        assert owner_of([both, exact], FIRST, owned_by=2) == both  # it has another file there, too
        assert owner_of([both, replace(exact, takes_part=False)], FIRST, 0) == both


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("/mnt/1/S/c (1).mp4", True),
        ("D:\\films\\S\\c (1).mp4", True),
        ("/mnt/1/s/C (1).MP4", True),
        ("/mnt/1/T/c (1).mp4", False),
        ("/mnt/1/S/cc (1).mp4", False),
        ("/mnt/1/S/c (1).mp4.part", False),
    ],
)
def test_rivals_are_asked_for_by_how_their_paths_end(path: str, fits: bool) -> None:
    assert bool(re.search(path_pattern([split_path("/S/c (1).mp4")]), path)) is fits


@pytest.mark.parametrize("path", ["/a/Café/x.mp4", "/a/Cafe\u0301/x.mp4", "/a/CAFÉ/x.mp4"])
def test_an_accent_may_be_written_in_two_ways(path: str) -> None:
    for tail in ("/Café/x.mp4", "/Cafe\u0301/x.mp4"):
        assert re.search(path_pattern([split_path(tail)]), path)
