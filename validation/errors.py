"""The two base classes of every failure of Plex and of Stash, and the failure of the settings. Light.

The two say whether the same attempt may succeed later; worker/backoff.py decides what follows from that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # light operations catch what is below, and have no use for this
    from collections.abc import Iterable

    from validation.problems import Problem


class TransientError(Exception):
    """It may work the next time."""


class PermanentError(Exception):
    """It will not work the next time either, unless somebody changes something."""


class ConfigError(Exception):
    """One or more settings are wrong. None of `problems` shows the token."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems)

    @property
    def without_values(self) -> str:
        """The same, without what the settings hold."""
        return " ".join(problem.without_value for problem in self.problems)

    def __str__(self) -> str:
        return " ".join(map(str, self.problems))
