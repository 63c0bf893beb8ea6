"""Whatever happens in whatever order, no scene is lost and none has two pending jobs."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import BEHIND_EDITS, enqueue, enqueue_many
from sync_queue.manager import QueueManager
from sync_queue.models import Job
from sync_queue.operations import JobNotClaimed, ack_job, release_job
from sync_queue.operations import claim as claim_many
from tests.support.queue_examples import FAILURE, NOW

SCENES = st.integers(1, 4)
FIELDS = st.sets(st.sampled_from(["title", "date", "details"]), max_size=2)


@dataclass
class Waiting:
    """What the model says of a pending job."""

    due: float
    retry_count: int


class QueueMachine(RuleBasedStateMachine):
    """The queue beside a model of it: `pending` by scene, `claimed` by row, and the tries of each buried scene."""

    claims = Bundle("claims")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.manager = QueueManager.open(self.folder)
        self.now = NOW
        self.pending: dict[int, Waiting] = {}
        self.claimed: dict[int, Job] = {}
        self.buried: dict[int, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "manager"):
            self.manager.close()
            shutil.rmtree(self.folder)

    # --- what hooks and tasks do

    @rule(scene_id=SCENES, fields=FIELDS)
    def an_edit(self, scene_id: int, fields: set[str]) -> None:
        assert enqueue(self.manager.database, scene_id, fields, "hook", self.now) == (scene_id not in self.pending)
        self.pending[scene_id] = Waiting(0.0, 0)

    @rule(scene_ids=st.lists(SCENES, unique=True))
    def many_edits(self, scene_ids: list[int]) -> None:
        added = enqueue_many(self.manager.database, scene_ids, "all", self.now)
        assert added == len(set(scene_ids) - self.pending.keys())
        for scene_id in scene_ids:
            self._fold(scene_id, BEHIND_EDITS)
            self.pending[scene_id] = replace(self.pending[scene_id], retry_count=0)

    # --- what the worker does

    @rule(target=claims, limit=st.integers(1, 3))
    def claim(self, limit: int) -> object:
        jobs = claim_many(self.manager.get_queue(), limit, self.now)
        due = sorted(waiting.due for waiting in self.pending.values() if waiting.due <= self.now)
        assert [job.next_retry_at for job in jobs] == due[:limit]
        for job in jobs:
            waiting = self.pending.pop(job.scene_id)
            assert (job.next_retry_at, job.retry_count) == (waiting.due, waiting.retry_count)
            self.claimed[job.row_id] = job
        return multiple(*jobs)

    @rule(job=claims)
    def ack(self, job: Job) -> None:
        if self._end(job, lambda: ack_job(self.manager.get_queue(), job)):
            del self.claimed[job.row_id]

    @rule(job=claims, delay=st.floats(0.0, 100.0))
    def retry(self, job: Job, delay: float) -> None:
        retried = job.retried("PlexTemporaryError", now=self.now, delay=delay)
        if self._end(job, lambda: release_job(self.manager.get_queue(), retried)):
            del self.claimed[job.row_id]
            self._fold(job.scene_id, retried.next_retry_at, retried.retry_count)

    @rule(job=claims)
    def bury(self, job: Job) -> None:
        dead_letters = DeadLetterQueue(self.manager.database)
        if self._end(job, lambda: dead_letters.bury(self.manager.get_queue(), job, FAILURE, self.now)):
            del self.claimed[job.row_id]
            self.buried[job.scene_id] = self.buried.get(job.scene_id, 0) + job.retry_count + 1

    def _fold(self, scene_id: int, due: float, retry_count: int = 0) -> None:
        """A job joins what is pending of its scene, which is due as soon as either."""
        pending = self.pending.get(scene_id, Waiting(due, retry_count))
        self.pending[scene_id] = replace(pending, due=min(pending.due, due))

    def _end(self, job: Job, transition: Callable[[], object]) -> bool:
        """Do the transition if the model says that the job is claimed; else it has to raise."""
        try:
            transition()
        except JobNotClaimed:
            assert job.row_id not in self.claimed
            return False
        assert job.row_id in self.claimed
        return True

    @rule()
    def put_back(self) -> None:
        """The worker lets go of its batch, or a new one finds what a dead one had claimed."""
        assert self.manager.put_back_unacknowledged() == len(self.claimed)
        for job in sorted(self.claimed.values(), key=lambda job: job.row_id, reverse=True):
            self._fold(job.scene_id, job.next_retry_at, job.retry_count)
        self.claimed.clear()

    @rule()
    def forget_history(self) -> None:
        self.manager.forget_history()

    # --- what the world does

    @rule()
    def crash(self) -> None:
        """The process dies without a word; the next one opens the file."""
        self.manager.database.connection.close()
        self.manager = QueueManager.open(self.folder)

    @precondition(lambda self: self.pending)
    @rule(seconds=st.floats(0.0, 100.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    # --- what has to hold all the time

    @invariant()
    def no_scene_is_lost_and_none_waits_twice(self) -> None:
        if not hasattr(self, "manager"):
            return
        rows = self.manager.database.all("SELECT scene_id, status, due FROM ack_queue_default WHERE status < 5")
        assert Counter(scene_id for scene_id, status, _ in rows if status < 2) == Counter(list(self.pending))
        assert Counter(scene_id for scene_id, status, _ in rows if status == 2) == Counter(
            job.scene_id for job in self.claimed.values()
        )
        assert {scene_id: due for scene_id, status, due in rows if status < 2} == {
            scene_id: waiting.due for scene_id, waiting in self.pending.items()
        }
        letters = DeadLetterQueue(self.manager.database).get_all()
        assert len(letters) == len(self.buried)
        assert {letter.scene_id: letter.attempts for letter in letters} == self.buried


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
