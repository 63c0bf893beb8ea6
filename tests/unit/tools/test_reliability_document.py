"""What `make faults` writes into docs/reliability.md."""

from __future__ import annotations

from tests.faults.document import BY_HAND_TITLE, HEAD, OUTAGE_TITLE, YEAR_TITLE, updated
from tests.world import PROJECT

TABLE = "`python -m tests.faults` · 2026-11-26 · 1 seconds\n\n| fault |\n\n"
OUTAGE = "`python -m tests.faults --outage` · 2026-11-26.\n"
YEAR = "`python -m tests.faults --year` · 2026-11-26.\n"
WHOLE = f"{HEAD}{TABLE}{OUTAGE_TITLE}{OUTAGE}{YEAR_TITLE}{YEAR}{BY_HAND_TITLE}By hand.\n"


def test_a_part_that_is_not_taken_stays() -> None:
    assert updated(WHOLE) == WHOLE
    assert updated(WHOLE, outage="new\n") == WHOLE.replace(OUTAGE, "new\n")
    assert updated("", TABLE, OUTAGE, YEAR) == WHOLE.replace("By hand.\n", "")


def test_a_head_in_other_words_is_not_kept_beside_the_new_one() -> None:
    assert updated(WHOLE.replace(HEAD, "# Reliability\n\nIn other words.\n\n")) == WHOLE


def test_the_document_is_as_the_tool_would_write_it() -> None:
    present = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert updated(present) == present
