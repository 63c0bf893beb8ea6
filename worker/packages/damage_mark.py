"""Remembers which packages are damaged, and when they were fetched anew. Standard library only."""

from __future__ import annotations

from storage.json_file import JsonFile, stored_number


class DamageMark:
    """The mark of one folder of packages in the `file` that all of them share. Each change needs the install lock."""

    def __init__(self, file: JsonFile, packages: str) -> None:
        self._file = file
        self._packages = packages

    def is_noted(self) -> bool:
        """Whether they are damaged, and not fetched anew since."""
        stored = self._file.peek() or {}
        return self._packages in stored and not stored_number(stored[self._packages])

    def fetched_at(self) -> float:
        """When they were fetched anew (seconds since the epoch), 0.0 where they were not."""
        return stored_number((self._file.peek() or {}).get(self._packages))

    def note(self) -> None:
        """They are damaged. Raises OSError."""
        self._store(0.0)

    def note_fetched(self, now: float) -> None:
        """They were fetched at `now`, in seconds since the epoch. Raises OSError."""
        if self.is_noted():
            self._store(now)

    def forget(self) -> None:
        """They were loaded and did their work. Raises OSError."""
        stored = self._file.peek() or {}
        if stored_number(stored.pop(self._packages, None)):
            self._file.save(stored)

    def _store(self, fetched_at: float) -> None:
        self._file.save({**(self._file.peek() or {}), self._packages: fetched_at})
