"""One invocation of a button or an operation."""

from __future__ import annotations

from collections.abc import Callable

from stash.protocol import Request
from sync_queue.dlq import DeadLetterQueue
from worker.drain.parts import Workplace


class Task:
    """The parts, and what the person asked for. `start_drainer` sees to it that what is enqueued is carried on."""

    def __init__(self, workplace: Workplace, request: Request, start_drainer: Callable[[], object]) -> None:
        self.workplace = workplace
        self.folder = workplace.folder
        self.request = request
        self.start_drainer = start_drainer
        self.database = workplace.manager.database
        self.dead_letters = DeadLetterQueue(self.database)
