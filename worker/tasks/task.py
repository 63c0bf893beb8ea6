"""One invocation of a button or an operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from stash.protocol import Request
from storage.database import Database
from worker.data_folder import DataFolder

if TYPE_CHECKING:  # it loads plexapi, pydantic and requests, which the light operations have no use for
    from worker.drain.parts import Workplace


class Task:
    """The parts, and what the person asked for.

    `start_drainer` sees to it that what is enqueued is carried on; `open_workplace` is called at most once, by whoever
    needs Stash or Plex. `is_quiet`: nothing is said in the log at Info or above.
    """

    def __init__(
        self,
        folder: DataFolder,
        request: Request,
        database: Database,
        start_drainer: Callable[[], object],
        open_workplace: Callable[[], Workplace],
        *,
        is_quiet: bool = False,
    ) -> None:
        self.folder = folder
        self.request = request
        self.args = request.args
        self.start_drainer = start_drainer
        self.database = database
        self.is_quiet = is_quiet
        self._open_workplace = open_workplace

    @cached_property
    def workplace(self) -> Workplace:
        """Everything that work with Stash and Plex needs. Heavy."""
        return self._open_workplace()
