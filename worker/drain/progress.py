"""How far a worker is, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class WaitingFor(str, Enum):
    """Who has to act before jobs that are due can go on."""

    PLEX = "plex"
    STASH = "stash"
    SETTINGS = "settings"
    PERSON = "person"


@dataclass
class Progress:
    """Counts of jobs, and what the worker does now; changed by the worker alone, read by others.

    `in_hand`: jobs of the current batch that are written but not settled yet. `waiting_for` is None while jobs that are
    due can go on; `waiting_reason` says in words why they cannot.
    """

    done: int = 0
    changed: int = 0
    retried: int = 0
    buried: int = 0
    discarded: int = 0
    in_hand: int = 0
    activity: str = "starting"
    waiting_for: WaitingFor | None = None
    waiting_reason: str = ""

    def wait_for(self, whom: WaitingFor, reason: str, activity: str) -> None:
        """Jobs that are due wait for `whom`; `reason` and `activity` are for people."""
        self.waiting_for, self.waiting_reason, self.activity = whom, reason, activity

    def go_on(self) -> None:
        """Jobs that are due are worked on."""
        self.waiting_for, self.waiting_reason = None, ""

    def note_written(self) -> None:
        """One more job of the current batch is written."""
        self.in_hand += 1

    @property
    def handled(self) -> int:
        """Jobs that left the queue."""
        return self.done + self.buried + self.discarded
