"""What a fault did: how often it was tried, and what was lost, stuck or written twice because of it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Tally:
    """Counts over some tries of one fault.

    lost: scenes that Plex shows wrongly though nothing is going on for them any more.
    stuck: jobs that were still open when nothing was left to wait for.
    twice: writes whose whole effect Plex showed already.
    findings: in words, what these counts stand for.
    given_up: jobs that became dead letters, before anybody retried them.
    """

    tried: int = 0
    lost: int = 0
    stuck: int = 0
    twice: int = 0
    findings: tuple[str, ...] = ()
    given_up: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.tried + other.tried,
            self.lost + other.lost,
            self.stuck + other.stuck,
            self.twice + other.twice,
            self.findings + other.findings,
            self.given_up + other.given_up,
        )

    def about(self, words: str) -> Tally:
        """The same, with what it is about in front of each finding."""
        return replace(self, findings=tuple(f"{words}: {finding}" for finding in self.findings))

    @property
    def is_clean(self) -> bool:
        """Whether the fault did no harm."""
        return not (self.lost or self.stuck or self.twice or self.findings)


def total(tallies: list[Tally]) -> Tally:
    """The sum of some tallies."""
    return sum(tallies, Tally())
