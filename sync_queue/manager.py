"""Opens persist-queue's ack queue on the plugin's database file."""

from __future__ import annotations

import json
import sqlite3

import persistqueue.serializers.json
from persistqueue import SQLiteAckQueue

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.enqueue import fold_ended
from sync_queue.schema import ACKNOWLEDGED, CLAIMED, PENDING, READY

KEPT_HISTORY = 1000
"""Acknowledged rows that stay for a look back; every scan of the table passes them."""


class AckQueue(SQLiteAckQueue):  # type: ignore[misc]  # persist-queue's classes are untyped
    """persist-queue's ack queue over our connection, so that its changes and ours can share one file and one lock.

    `auto_resume` is off: only the holder of the drain lock may put unacknowledged rows back
    (`put_back_unacknowledged`), anybody else would steal work in progress.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        super().__init__(
            path=":memory:",  # never opened: _new_db_connection hands out the connection that exists already
            auto_resume=False,
            serializer=persistqueue.serializers.json,
        )

    def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:
        return self.database.connection


class QueueManager:
    """The queue of one data folder, for a process that drains or reports."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._queue = AckQueue(database)

    @classmethod
    def open(cls, queue_folder: str) -> QueueManager:
        """Open the queue in `queue_folder` (`data/queue`). Raises as `open_queue_database`.

        It is not searched for damage: each such process has done that when it began.
        """
        return cls(open_queue_database(queue_folder))

    def get_queue(self) -> AckQueue:
        """The ack queue."""
        return self._queue

    def put_back_unacknowledged(self) -> int:
        """Make claimed jobs pending again; returns how many there were. For the holder of the drain lock only.

        A claimed job whose scene has a newer pending one ends instead: the newer one does its work too.
        """
        # One transaction, and so not persist-queue's resume_unack_tasks: a hook may enqueue the same scene in between.
        with self.database.transaction():
            claimed = self._claimed()
            self.database.execute(
                f"""UPDATE ack_queue_default SET status = {READY} WHERE {CLAIMED} AND NOT EXISTS (
                       SELECT 1 FROM ack_queue_default AS newer WHERE newer.scene_id = ack_queue_default.scene_id
                       AND (newer.{PENDING} OR newer.{CLAIMED} AND newer._id > ack_queue_default._id))"""
            )
            # The scenes of those that are left have a pending one now.
            rows = self.database.all(f"SELECT data FROM ack_queue_default WHERE {CLAIMED} ORDER BY _id")
            for (data,) in rows:
                fold_ended(self.database, json.loads(data))
            self.database.execute(f"UPDATE ack_queue_default SET status = {ACKNOWLEDGED} WHERE {CLAIMED}")
        return claimed

    def forget_history(self) -> None:
        """Delete acknowledged and failed rows beyond the newest KEPT_HISTORY."""
        self._queue.clear_acked_data(max_delete=100_000, keep_latest=KEPT_HISTORY, clear_ack_failed=True)

    def close(self) -> None:
        """Close the connection."""
        self.database.close()

    def _claimed(self) -> int:
        row = self.database.one(f"SELECT COUNT(*) FROM ack_queue_default WHERE {CLAIMED}")
        return int(row[0]) if row else 0
