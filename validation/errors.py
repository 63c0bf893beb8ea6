"""The two base classes of every failure of Plex and of Stash.

They say whether the same attempt may succeed later; worker/backoff.py decides what follows from that.
"""

from __future__ import annotations


class TransientError(Exception):
    """It may work the next time."""


class PermanentError(Exception):
    """It will not work the next time either, unless somebody changes something."""
