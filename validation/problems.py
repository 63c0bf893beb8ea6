"""What is wrong with a setting, as a value. The sentence is made where a person reads it."""

from __future__ import annotations

from typing import NamedTuple

FORM = "Settings > Plugins > PlexSync"
"""Where a person sets what Stash stores for the plugin."""


class Problem(NamedTuple):
    """One wrong setting.

    `value_shown` is the value as a person may see it, without anything secret, or None where nothing is set; `reason`
    says more than that it is not allowed, or is ""; `allowed` completes "it must be …"; `variable` is the environment
    variable that the value came from, "" for Stash's form.
    """

    setting: str
    value_shown: str | None
    reason: str
    allowed: str
    variable: str = ""

    @property
    def fault(self) -> str:
        """What is wrong, without what to do about it: `max_retries must be a whole number …, but is "x"`."""
        if self.value_shown is None:
            return f"{self.setting} is empty"
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.setting} must be {self.allowed}, but is {self.value_shown}{reason}"

    @property
    def without_value(self) -> str:
        """What is wrong and where to fix it, for whoever must not see the value: it may name a folder or a tag."""
        if self.value_shown is None:
            return str(self)
        where = f"in the environment variable {self.variable}" if self.variable else f"under {FORM}"
        return f"{self.setting} has a value that is not allowed. Change it {where}."

    def __str__(self) -> str:
        """What is wrong and where to fix it."""
        if self.value_shown is None:
            return f"{self.fault}. Set it under {FORM}."
        where = f"in the environment variable {self.variable}" if self.variable else f"under {FORM}"
        return f"{self.fault}. Change it {where}."


def replaced_in_words(problem: Problem) -> str:
    """A wrong setting whose default is used in its place."""
    return f"{problem} Until then, its default is used."
