"""What of a text is left when nothing of a person's may be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.base.own_words import own_lines, own_values, own_words


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('Scene 7 "Anna\'s "great" day": Plex now shows title', "Scene 7 …: Plex now shows title"),
        ("Scene 7: /data/Anna Bell/x.mp4: not found", "Scene 7: … not found"),
        (r"Scene 7: C:\Videos\x.mp4: not found", "Scene 7: … not found"),
        ("Plex at http://192.168.1.10:32400 refused the connection", "Plex at … refused the connection"),
        ("Anna Bell, Zoë and 12 tags", "… and 12 tags"),
        ('a quote that "never ends', "a quote that …"),
        ("version v0.30.1 answers in 2.5s (90%)", "version v0.30.1 answers in 2.5s (90%)"),
        ("", ""),
    ],
)
def test_only_own_words_and_numbers_stay(text: str, left: str) -> None:
    assert own_words(text) == left


def test_of_a_log_the_heads_of_records_and_the_places_of_errors_stay() -> None:
    log = (
        '2026-11-26 10:00:00,123 ERROR worker.processor: Scene 7 "Anna\n'
        "Bell: was edited\n"
        "Traceback (most recent call last):\n"
        '  File "/home/anna/plugins/PlexSync/worker/sync/scene.py", line 12, in sync\n'
        '    raise ValueError("Anna")\n'
        "ValueError: Anna Bell\n"
        "2026-11-26 10:00:01,000 INFO worker.processor: Drainer ends: no work left\n"
    )
    assert own_lines(log).splitlines() == [
        "2026-11-26 10:00:00,123 ERROR worker.processor: Scene 7 …",
        "  scene.py, line 12, in sync",
        "…",
        "  ValueError",
        "2026-11-26 10:00:01,000 INFO worker.processor: Drainer ends: no work left",
    ]


def test_keys_are_texts_too() -> None:
    assert own_values({"tags": {"Anna Bell": ["/data/x.mp4", 3, None]}}) == {"tags": {"…": ["…", 3, None]}}


@given(st.text(), st.text(alphabet=st.characters(whitelist_categories=["Lu", "Ll"]), min_size=1))
def test_no_word_passes_that_is_not_ours(before: str, word: str) -> None:
    odd = f"Qx{word}zj"
    assert odd not in own_words(f"{before} {odd}")
    assert not re.search(r"[/\\]\w", own_words(f"{before} /{odd}/{before}"))
