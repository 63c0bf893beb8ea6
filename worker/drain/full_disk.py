"""A full disk ends no drainer: with room again nobody would start another one before the next edit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from worker.base.storage_advice import is_full

Step = TypeVar("Step")

REASON = "The disk of PlexSync's data folder is full. Make room there. The edits wait meanwhile"


class FullDisk:
    """Around the steps of the loop. `put_back` gives jobs back that were claimed and not settled."""

    def __init__(self, put_back: Callable[[], object]) -> None:
        self._put_back = put_back
        self._is_full = False

    def step(self, step: Callable[[], Step], wait: Callable[[], Step]) -> Step:
        """What `step` returns, or `wait` where the disk is full. Raises what else they raise."""
        try:
            if self._is_full:
                self._put_back()
            self._is_full = False
            return step()
        except (OSError, sqlite3.OperationalError) as error:
            if not is_full(error):
                raise
            self._is_full = True
            return wait()
