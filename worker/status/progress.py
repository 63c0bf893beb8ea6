"""How far a worker is, and what it waits for."""

from __future__ import annotations

from enum import Enum


class WaitingFor(str, Enum):
    """Who has to act, or what has to be there, before jobs that are due can go on."""

    PLEX = "plex"
    STASH = "stash"
    SETTINGS = "settings"
    PERSON = "person"
    ROOM = "room"


class Doing(str, Enum):
    """What a worker does, or what it waits for."""

    STARTING = "starting"
    IDLE = "idle"
    SYNCING = "syncing"
    PLEX = "plex"
    STASH = "stash"
    RETRY = "retry"
    SCAN = "scan"
    RENAMES = "renames"
    COMPARING = "comparing"
    PAUSED = "paused"
    SETTINGS = "settings"
    PACKAGES = "packages"
    ROOM = "room"


DOING_FOR = {
    WaitingFor.PLEX: Doing.PLEX,
    WaitingFor.STASH: Doing.STASH,
    WaitingFor.SETTINGS: Doing.SETTINGS,
    WaitingFor.PERSON: Doing.PAUSED,
    WaitingFor.ROOM: Doing.ROOM,
}
"""What a worker does while it waits for somebody."""


class Progress:
    """Counts of jobs, and what the worker does now; changed by the worker alone, read by others.

    `in_hand`: jobs of the current batch that are written but not settled yet. `waiting_for` is None while jobs that are
    due can go on; `waiting_reason` says in words why they cannot, `shown_reason` for the live files.
    """

    def __init__(self, doing: Doing = Doing.STARTING, activity: str = "starting") -> None:
        self.done = 0
        self.changed = 0
        self.retried = 0
        self.buried = 0
        self.discarded = 0
        self.in_hand = 0
        self.doing = doing
        self.activity = activity
        self.waiting_for: WaitingFor | None = None
        self.waiting_reason = self.shown_reason = ""

    def wait_for(self, whom: WaitingFor, reason: str, activity: str, shown: str = "") -> None:
        """Jobs that are due wait for `whom`; `reason` and `activity` are for people.

        `shown` is for the live files, where it has to be another sentence than what these leave of `reason`.
        """
        self.waiting_for, self.waiting_reason, self.shown_reason = whom, reason, shown or reason
        self.do(DOING_FOR[whom], activity)

    def do(self, doing: Doing, activity: str) -> None:
        """What is done from now on; `activity` says it to people."""
        self.doing, self.activity = doing, activity

    def go_on(self) -> None:
        """Jobs that are due are worked on."""
        self.waiting_for, self.waiting_reason, self.shown_reason = None, "", ""

    def note_written(self) -> None:
        """One more job of the current batch is written."""
        self.in_hand += 1

    @property
    def handled(self) -> int:
        """Jobs that left the queue."""
        return self.done + self.buried + self.discarded
