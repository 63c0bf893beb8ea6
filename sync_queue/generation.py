"""Which drainer may write: the one that began last. It stands in the queue's file, where a deleted lock cannot take it.

Whoever takes the drain lock begins a generation; whoever meets a later one has been superseded and ends.
"""

from __future__ import annotations

from storage.database import Database
from sync_queue.migration import migrate


class Superseded(Exception):
    """Another process has taken the drain lock since: this one must ask nothing more of Plex, and settle nothing."""


class Replaced(Superseded):
    """The queue's file was deleted, moved or replaced: another process may work on the one that has its name now."""


class Generation:
    """One process's time as the holder of the drain lock; safe to share between threads."""

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number
        self._looked_at = -1

    @classmethod
    def begin(cls, database: Database) -> Generation:
        """Supersede whoever came before, and have the file in this version's format. Raises sqlite3.Error.

        For who has just taken the drain lock. It is one transaction: whoever knows the older format only is superseded
        at the moment at which that is gone.
        """
        with database.transaction():
            migrate(database)
            database.execute(
                "INSERT INTO drain_generation (only_row, number) VALUES (1, 1)"
                " ON CONFLICT (only_row) DO UPDATE SET number = number + 1"
            )
            return cls(database, _current(database))

    def check(self) -> None:
        """Raises Superseded. Some microseconds where nobody else wrote to the file since the last call."""
        if not self._database.is_in_place():
            raise Replaced
        counter = self._database.change_counter()
        if counter == self._looked_at:
            return
        if _current(self._database) != self._number:
            raise Superseded
        self._looked_at = counter


def _current(database: Database) -> int:
    row = database.one("SELECT number FROM drain_generation")
    return int(row[0]) if row else 0
