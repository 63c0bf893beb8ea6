"""What waiting costs, and how an outage ends: jobs in backoff, and a Plex that is down for 75 seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from sync_queue.database import Database, open_queue_database
from sync_queue.models import Job
from sync_queue.operations import enqueue_many
from tests.benchmarks.report import Row, Table, at_most
from tests.world import World, wait_until

WAITING = 10_000
OUTAGE = 75.0
OUTAGE_EDITS = 50
SETTLE = 5.0
"""Seconds for a drainer to come to rest before its time is taken."""
CPU_BAR = 1.0
POLL_INTERVAL = 1.0
LONGEST_RECOVERY = 120.0
_INSERT = "INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, ?, 1)"
TEXT = (
    f"Three drainers at the same time, for {OUTAGE:.0f} s: one whose {WAITING:,} jobs all wait for a retry, one whose Plex "
    f"refuses connections while {WAITING:,} jobs wait and {OUTAGE_EDITS} more scenes are saved, and one without work, "
    "which is the reference. CPU time is user and system time of the process per second of wall time, with the default "
    f"poll_interval of {POLL_INTERVAL:g} s. Then Plex is back and the {OUTAGE_EDITS} edits have to arrive without "
    "anybody's help; the drainer looks for Plex after 5, 10, 20, 40, 60, 60 … seconds, so it may take up to a minute to "
    "notice."
)
...
