"""The tables of the queue's file, and what the numbers in them mean. On the hook's path: constants only.

The job table is the one that persist-queue 1.1's `SQLiteAckQueue` makes (same name, columns and status codes),
with generated columns behind it, so that persist-queue can work on it and the database itself can hold what
memory must not be trusted with: at most one pending job per scene, and the order in which jobs fall due.

The file's format is a number, SQLite's `user_version`. SCHEMA makes a file of the format FORMAT, STEPS lead there from
an older one. A step adds what a change of SCHEMA adds, and leaves KEPT_TABLES as they are but for columns that may be
NULL: hooks of the version before and of the next one insert into both formats, so that no save waits for an upgrade.
"""

from __future__ import annotations

STEPS: tuple[tuple[str, ...], ...] = ()
"""From each format to the next, that from 1 to 2 first: SQL statements."""
FORMAT = 1 + len(STEPS)
"""The format of this version. Format 0 is a file whose tables are not made yet."""
KEPT_TABLES = frozenset({"ack_queue_default", "log_relay", "drain_generation"})
"""What hooks use, and what tells a drainer that another one has taken over: the same in each format."""

NEW = 0
READY = 1
UNACKNOWLEDGED = 2
ACKNOWLEDGED = 5
FAILED = 9
"""Status codes of persist-queue 1.1 (`AckStatus`); NEW was never claimed, READY was claimed and put back."""
PENDING = f"status < {UNACKNOWLEDGED}"
CLAIMED = f"status = {UNACKNOWLEDGED}"
PARKED = 1 << 40
"""A rating key above all that Plex gives out, which counts items up from 1: for states whose key has another item."""
MAY_BE_SPLIT = f"(rating_key >= {PARKED} OR json_array_length(files) > 1)"
"""Conditions, with the numbers in them: SQLite uses a partial index only for a query that states its condition so."""

UNDONE = (
    """
    CREATE TABLE IF NOT EXISTS undone (
        server_id TEXT NOT NULL, scene_id INTEGER NOT NULL, undone_at REAL NOT NULL, stash_updated_at TEXT NOT NULL,
        PRIMARY KEY (server_id, scene_id)) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS undone_by_time ON undone (server_id, undone_at, scene_id)",
)
PARTLY_FOUND = """
    CREATE TABLE IF NOT EXISTS partly_found (
        scene_id INTEGER PRIMARY KEY, files TEXT NOT NULL, since REAL NOT NULL)
"""
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS ack_queue_default (
        _id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB, timestamp FLOAT, status INTEGER,
        fan_out TEXT GENERATED ALWAYS AS (json_extract(CAST(data AS TEXT), '$.fan_out')) VIRTUAL,
        scene_id INTEGER GENERATED ALWAYS AS (json_extract(CAST(data AS TEXT), '$.scene_id')) VIRTUAL,
        due REAL GENERATED ALWAYS AS (json_extract(CAST(data AS TEXT), '$.next_retry_at')) VIRTUAL)
    """,
    f"CREATE UNIQUE INDEX IF NOT EXISTS one_pending_job_per_scene ON ack_queue_default (scene_id) WHERE {PENDING}",
    f"CREATE UNIQUE INDEX IF NOT EXISTS one_pending_fan_out ON ack_queue_default (fan_out) WHERE {PENDING}",
    f"CREATE INDEX IF NOT EXISTS pending_jobs_by_due ON ack_queue_default (due, _id) WHERE {PENDING}",
    f"CREATE INDEX IF NOT EXISTS jobs_in_progress ON ack_queue_default (scene_id) WHERE {CLAIMED}",
    """
    CREATE TABLE IF NOT EXISTS dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT, scene_id INTEGER NOT NULL, title TEXT NOT NULL, path TEXT NOT NULL,
        error_type TEXT NOT NULL, error_text TEXT NOT NULL, candidates TEXT NOT NULL, attempts INTEGER NOT NULL,
        first_failed_at REAL NOT NULL, buried_at REAL NOT NULL, job TEXT NOT NULL)
    """,
    "CREATE INDEX IF NOT EXISTS dead_letters_by_scene ON dead_letters (scene_id)",
    "CREATE INDEX IF NOT EXISTS dead_letters_by_type ON dead_letters (error_type)",
    """
    CREATE TABLE IF NOT EXISTS waiting_files (
        scene_id INTEGER PRIMARY KEY, files TEXT NOT NULL, since REAL NOT NULL)
    """,
    PARTLY_FOUND,
    "CREATE TABLE IF NOT EXISTS discarded (scene_id INTEGER PRIMARY KEY, discarded_at REAL NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS scene_state (
        scene_id INTEGER PRIMARY KEY, synced_at REAL NOT NULL, stash_updated_at TEXT NOT NULL,
        rating_keys TEXT NOT NULL, warnings TEXT NOT NULL, changed_at REAL NOT NULL)
    """,
    "CREATE INDEX IF NOT EXISTS scene_state_by_time ON scene_state (synced_at)",
    *UNDONE,
    """
    CREATE TABLE IF NOT EXISTS item_state (
        server_id TEXT NOT NULL, rating_key INTEGER NOT NULL, originals TEXT NOT NULL,
        written TEXT NOT NULL, writing TEXT NOT NULL, shown TEXT NOT NULL, asked TEXT NOT NULL,
        images TEXT NOT NULL, uploading TEXT NOT NULL, refused TEXT NOT NULL, files TEXT NOT NULL,
        scene_id INTEGER NOT NULL, written_at REAL NOT NULL, refreshed TEXT NOT NULL,
        made TEXT NOT NULL,
        PRIMARY KEY (server_id, rating_key))
    """,
    "CREATE INDEX IF NOT EXISTS item_state_by_scene ON item_state (scene_id)",
    f"CREATE INDEX IF NOT EXISTS items_that_may_be_split ON item_state (server_id) WHERE {MAY_BE_SPLIT}",
    "CREATE INDEX IF NOT EXISTS items_that_refused ON item_state (server_id) WHERE refused != '{}'",
    """
    CREATE TABLE IF NOT EXISTS plex_forms (
        server_id TEXT NOT NULL, field TEXT NOT NULL, asked TEXT NOT NULL, shown TEXT NOT NULL,
        PRIMARY KEY (server_id, field, asked))
    """,
    """
    CREATE TABLE IF NOT EXISTS server_traits (
        server_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (server_id, name))
    """,
    """
    CREATE TABLE IF NOT EXISTS person_photos (
        server_id TEXT NOT NULL, person TEXT NOT NULL, performer_id INTEGER NOT NULL, address TEXT NOT NULL,
        version TEXT NOT NULL, sha1 TEXT NOT NULL, PRIMARY KEY (server_id, person))
    """,
    """
    CREATE TABLE IF NOT EXISTS pins (
        server_id TEXT NOT NULL, scene_id INTEGER NOT NULL, rating_key INTEGER NOT NULL, files TEXT NOT NULL,
        pinned_at REAL NOT NULL, PRIMARY KEY (server_id, scene_id, rating_key))
    """,
    "CREATE TABLE IF NOT EXISTS drain_generation (only_row INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS missing (
        server_id TEXT NOT NULL, id INTEGER NOT NULL, since REAL NOT NULL, PRIMARY KEY (server_id, id))
    """,
    """
    CREATE TABLE IF NOT EXISTS recent_syncs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, scene_id INTEGER NOT NULL, title TEXT NOT NULL, synced_at REAL NOT NULL,
        milliseconds INTEGER NOT NULL, changes TEXT NOT NULL, warnings TEXT NOT NULL)
    """,
    """
    CREATE TABLE IF NOT EXISTS days (
        date TEXT PRIMARY KEY, done INTEGER NOT NULL, failed INTEGER NOT NULL) WITHOUT ROWID
    """,
    "CREATE TABLE IF NOT EXISTS wishes (name TEXT PRIMARY KEY) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS log_relay (
        id INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT NOT NULL, message TEXT NOT NULL)
    """,
)
