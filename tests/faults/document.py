"""docs/reliability.md: what stands in it by which measurement, and what people wrote."""

from __future__ import annotations

HEAD = """# Reliability

What was done to the plugin, and what came of it. Made by `make faults`; the short form of it is part of `make test`.
Real processes, real SQLite and real HTTP, against the simulators; clock and replies also in one process, where an hour
takes a moment.

*Lost*: scenes that Plex shows wrongly though nothing is going on for them any more. *Stuck*: jobs that are open, or
given up, when nothing is left to wait for, and *Retry Failed Jobs* was pressed once. *Written twice*: writes whose
whole effect Plex showed already. *Given up*: jobs that had become dead letters by then, each with its reason, and
scenes that were done but for a field that Plex refused. *Compare* lists these, and *Sync All Scenes* was pressed for
them. A Plex that is well and refuses one request for good (400), or six times over (500), is not an outage. Where every
request fails, none is given up.

Where the queue's write-ahead log is destroyed (five of the damages), what was committed last is gone, and a picture
that was sent just before is sent once more: poster and background, ten uploads in all.

"""
MEASURED = "`python -m tests.faults"
"""How each measured part begins; what stands before the first one is HEAD, in whatever words an earlier version had."""
TITLES = {
    "outage": "## Eight hours without Plex\n\n",
    "year": "\n## A year\n\n",
    "upgrade": "\n## An upgrade\n\n",
}
"""The title of each part behind the table, in order, by the flag that takes it anew."""
BY_HAND_TITLE = "\n## Faults put in by hand\n\n"
"""What follows it is written by people, and stays."""


def updated(present: str, table: str = "", **long_ones: str) -> str:
    """The document with one part, or several, taken anew; a part that is not given stays as it was.

    Names of `long_ones` as in TITLES.
    """
    _, _, behind_head = present.partition(MEASURED)
    measured, _, by_hand = (MEASURED + behind_head if behind_head else "").partition(BY_HAND_TITLE)
    parts = [BY_HAND_TITLE, by_hand]
    for name, title in reversed(TITLES.items()):
        measured, _, old = measured.partition(title)
        parts = [title, long_ones.get(name) or old, *parts]
    return "".join((HEAD, table or measured, *parts))
