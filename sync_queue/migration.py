"""From an older format of the queue's file to this version's: for the holder of the drain lock, in one transaction."""

from __future__ import annotations

from storage.crash_points import reach
from storage.database import Database
from sync_queue.database import refuse_newer
from sync_queue.schema import FORMAT, PARTLY_FOUND, STEPS, UNDONE

_HAS_MARKS_OF_SCENES = "SELECT 1 FROM pragma_table_info('scene_state') WHERE name = 'undone_at'"
_MARKS_PER_SERVER = ("DROP INDEX IF EXISTS undone_scenes", "ALTER TABLE scene_state DROP COLUMN undone_at", *UNDONE)
_CAME_BEFORE_THE_RELEASE = (PARTLY_FOUND,)
"""What format 1 had not yet before the first release, in the files of those who tried it. Of undos, that they were done
is lost."""


def migrate(database: Database) -> None:
    """Take the steps from the file's format to FORMAT. Killed at any moment, nothing has happened.

    Inside a transaction of the caller's, it is part of that. Raises NewerFormat, sqlite3.Error.
    """
    with database.transaction() as connection:
        refuse_newer(database)
        if database.one(_HAS_MARKS_OF_SCENES):
            for statement in _MARKS_PER_SERVER:
                connection.execute(statement)
        for statement in _CAME_BEFORE_THE_RELEASE:
            connection.execute(statement)
        if database.schema_version() == FORMAT:
            return
        reach("migrate:begun")
        for step in STEPS[database.schema_version() - 1 :]:
            for statement in step:
                connection.execute(statement)
                reach("migrate:statement")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        reach("migrate:numbered")
