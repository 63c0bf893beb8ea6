"""Pillow, which only `poster_fit` needs: fetched beside everything else, which goes on without it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from enum import Enum

from storage.json_file import JsonFile
from worker.base.plugin_folder import PLUGIN_FOLDER
from worker.data_folder import DataFolder
from worker.packages.dependencies import PICTURES, Dependencies, DependencyError

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds for which a drainer that ends waits for pip to be gone. Chosen: it is looked after every second."""


class NoLongerWanted(Exception):
    """The drainer ends."""


class Pictures(Enum):
    """Whether pictures can be made: at once, soon (Pillow is on its way), or not."""

    READY = "ready"
    ARRIVING = "arriving"
    MISSING = "missing"


class PicturePackages(Dependencies):
    """Where Pillow is missing, a drainer fetches it, in a thread of its own; a task leaves that to the drainer."""

    meanwhile = "Covers are sent as they are meanwhile. The drainer tries again every {minutes} minutes."

    def __init__(
        self, folder: DataFolder, plugin_folder: str = PLUGIN_FOLDER, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(folder, plugin_folder, _log, clock=clock, check=self._go_on, name=PICTURES)
        self._failure = JsonFile(folder.pictures_failure, clock)
        self._fetches = False
        self._is_stopped = threading.Event()
        self._lock_of_state = threading.Lock()
        self._fetching: threading.Thread | None = None
        self._is_ready = False
        self._problem = ""

    def fetch_from_now_on(self) -> None:
        """Fetch what is missing when somebody asks how things stand: for the drainer, which lives long enough."""
        self._fetches = True

    def stop(self) -> None:
        """End what is being fetched, and fetch no more: nothing of ours may outlive the drainer."""
        self._is_stopped.set()
        if self._fetching is not None:
            self._fetching.join(PATIENCE)

    def state(self) -> Pictures:
        """How things stand now. What failed lately is not tried again."""
        with self._lock_of_state:
            self._is_ready = self._is_ready or self._are_there()
            if self._is_ready:
                return Pictures.READY
            if self._fetching is not None and self._fetching.is_alive():
                return Pictures.ARRIVING
            if self.problem():
                return Pictures.MISSING
            if self._fetches and not self._is_stopped.is_set():
                self._fetching = threading.Thread(target=self._fetch, name="pictures", daemon=True)
                self._fetching.start()
            return Pictures.ARRIVING

    def problem(self) -> str:
        """Why Pillow could not be fetched lately and what to do, "" where nothing is known to be wrong."""
        try:
            self._raise_known_failure(since=self._clock() - self._retry_after)
        except DependencyError as error:
            return str(error)
        return ""

    def _fetch(self) -> None:
        try:
            self.ensure()
        except NoLongerWanted:
            return
        except (DependencyError, OSError, sqlite3.Error) as error:
            # Where the problem could not be stored, the next look would begin anew.
            self._remember_failure(str(error))
            if str(error) != self._problem:
                logger.error("poster_fit: %s", error)
            self._problem = str(error)

    def _go_on(self) -> None:
        if self._is_stopped.is_set():
            raise NoLongerWanted


def _log(level: str, message: str) -> None:
    logger.log(logging.getLevelName(level.upper()), message)
