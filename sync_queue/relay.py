"""Log lines of the drainer on their way to Stash's log: each is handed to exactly one later invocation.

On the hook's path (see database.py).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Database

KEPT_LINES = 1000
"""Lines kept while no invocation comes to fetch them; the drainer's own log file has them all."""
LINES_PER_INVOCATION = 200
"""Lines passed on by one invocation: a hook must not spend its budget on printing."""


def post_lines(database: Database, lines: Sequence[tuple[str, str]]) -> None:
    """Store `(level, message)` lines, levels as in stash.protocol; only the newest KEPT_LINES stay."""
    with database.transaction():
        database.execute_many("INSERT INTO log_relay (level, message) VALUES (?, ?)", lines)
        database.execute("DELETE FROM log_relay WHERE id <= (SELECT MAX(id) FROM log_relay) - ?", (KEPT_LINES,))


def take_lines(database: Database) -> list[tuple[str, str]]:
    """Take the oldest lines out, so that nobody else passes them on; empty at no cost where there are none."""
    if database.one("SELECT 1 FROM log_relay LIMIT 1") is None:
        return []
    with database.transaction():
        rows = database.all("SELECT id, level, message FROM log_relay ORDER BY id LIMIT ?", (LINES_PER_INVOCATION,))
        if rows:
            database.execute("DELETE FROM log_relay WHERE id <= ?", (rows[-1][0],))
    return [(level, message) for _, level, message in rows]
