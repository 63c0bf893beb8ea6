"""What `make faults` writes into docs/reliability.md."""

from __future__ import annotations

from tests.faults.document import BY_HAND_TITLE, HEAD, TITLES, updated
from tests.world import PROJECT

TABLE = "`python -m tests.faults` · 2026-11-26 · 1 seconds\n\n| fault |\n\n"
PARTS = {name: f"`python -m tests.faults --{name}` · 2026-11-26.\n" for name in TITLES}
WHOLE = "".join([HEAD, TABLE, *(TITLES[name] + PARTS[name] for name in TITLES), BY_HAND_TITLE, "By hand.\n"])


def test_a_part_that_is_not_taken_stays() -> None:
    assert updated(WHOLE) == WHOLE
    for name, text in PARTS.items():
        assert updated(WHOLE, **{name: "new\n"}) == WHOLE.replace(text, "new\n")
    assert updated("", TABLE, **PARTS) == WHOLE.replace("By hand.\n", "")


def test_a_head_in_other_words_is_not_kept_beside_the_new_one() -> None:
    assert updated(WHOLE.replace(HEAD, "# Reliability\n\nIn other words.\n\n")) == WHOLE


def test_the_document_is_as_the_tool_would_write_it() -> None:
    present = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert updated(present) == present
