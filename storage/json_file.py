"""Small JSON state files: written whole or not at all, and never a reason to crash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

_BEYOND_ANY_COUNT_OR_TIME = 1e12


class JsonFile:
    """One JSON object in a file at `path`."""

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock

    def load(self) -> dict[str, Any]:
        """The stored object, {} where there is none. An unreadable file is set aside with a warning."""
        stored = self.peek()
        if stored is None:
            from storage.local_files import set_aside  # noqa: PLC0415 - heavy for the light operations, which only peek

            set_aside(self.path, "not a JSON object", self._clock())
            return {}
        return stored

    def peek(self) -> dict[str, Any] | None:
        """The stored object, {} where there is none, None where it is unreadable. Changes nothing."""
        try:
            with open(self.path, encoding="utf-8") as file:
                stored = json.load(file)
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            return None
        return stored if isinstance(stored, dict) else None

    def save(self, content: Mapping[str, Any], *, durable: bool = True) -> None:
        """Replace the file in one step that survives a power cut, unless `durable` is false. Raises OSError."""
        from storage.local_files import write_whole  # noqa: PLC0415 - heavy for the light operations, which only peek

        write_whole(self.path, json.dumps(content, indent=1), durable=durable)


def stored_number(value: Any) -> float:
    """A stored number as it is, 0.0 for anything else: somebody may have edited the file."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < _BEYOND_ANY_COUNT_OR_TIME else 0.0
