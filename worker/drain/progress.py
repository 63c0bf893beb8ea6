"""How far a worker is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """Counts of jobs, and what the worker does now; changed by the worker alone, read by others.

    `in_hand`: jobs of the current batch that are written but not settled yet. `blocked` says in words why jobs wait for
    a person or a server, "" where they do not.
    """

    done: int = 0
    changed: int = 0
    retried: int = 0
    buried: int = 0
    dropped: int = 0
    in_hand: int = 0
    activity: str = "starting"
    blocked: str = ""

    def note_written(self) -> None:
        """One more job of the current batch is written."""
        self.in_hand += 1

    @property
    def handled(self) -> int:
        """Jobs that left the queue."""
        return self.done + self.buried + self.dropped
