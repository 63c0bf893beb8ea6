"""Anything at all on stdin: what is no request is refused in words, and what looks like one does no harm."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stash.hook import RELEVANT_FIELDS, TRIGGERS
from stash.protocol import ProtocolError, Request, read_request
from storage.lock import ProcessLock
from sync_queue.manager import QueueManager
from sync_queue.operations import claim
from sync_queue.views.job_list import pending_jobs
from tests.faults.tally import Tally
from tests.support.direct import run_plugin
from tests.world import World
from worker.data_folder import DataFolder
from worker.errors import ArgumentError
from worker.hook import handle_hook
from worker.tasks import arguments

FAR_FUTURE = 1e12
CONNECTION = {"Scheme": "http", "Host": "127.0.0.1", "Port": 1, "SessionCookie": None}

TEXTS = st.text(st.characters(), max_size=20)
NUMBERS = st.integers() | st.integers(min_value=10**15, max_value=10**40) | st.floats(allow_nan=False)
DIGITS = st.sampled_from((18, 19, 20, 4300, 4301, 20_000)).map(lambda count: "9" * count)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | DIGITS
JSON = st.recursive(SCALARS, lambda each: st.lists(each, max_size=4) | st.dictionaries(TEXTS, each, max_size=4))
IDS = st.integers(1, 5) | SCALARS | st.from_regex(r"[0-9]{1,25}", fullmatch=True)
FIELDS = st.lists(st.sampled_from(sorted(RELEVANT_FIELDS)) | st.just("name") | JSON, max_size=5) | JSON
CONTEXTS = st.fixed_dictionaries(
    {"id": IDS, "type": st.sampled_from(TRIGGERS) | JSON, "inputFields": FIELDS, "input": JSON}
)
MODES = st.sampled_from(["queue_status", "clear_queue", "retry_failed", "outage_report", "health_check"]) | JSON
TASKS = st.fixed_dictionaries({"mode": MODES}, optional=dict.fromkeys(("dry_run", "since", "scene_id"), JSON))
CONNECTIONS = st.just(CONNECTION) | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("Scheme", "Host", "Port", "SessionCookie", "Dir"), JSON)
)
REQUESTS = st.fixed_dictionaries(
    {"server_connection": CONNECTIONS | JSON, "args": TASKS | CONTEXTS.map(lambda each: {"hookContext": each}) | JSON}
)


def _cut(message: bytes, at: int, noise: bytes) -> bytes:
    return message[: at % (len(message) + 1)] + noise


def _as_bytes(message: Any) -> bytes:
    return json.dumps(message).encode()


STDIN = (
    st.binary(max_size=200)
    | JSON.map(_as_bytes)
    | REQUESTS.map(_as_bytes)
    | st.builds(_cut, REQUESTS.map(_as_bytes), st.integers(0, 10_000), st.binary(max_size=5))
)


def fuzz(strategy: st.SearchStrategy[Any], examples: int, act: Callable[[Any], object]) -> int:
    """Call `act` with so many examples; returns how many. What it raises is raised."""
    tried = 0

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def each(example: Any) -> None:
        nonlocal tried
        tried += 1
        act(example)

    each()
    return tried


def fuzz_reading(examples: int) -> Tally:
    """Read any bytes as a request."""

    def read(stdin: bytes) -> None:
        with contextlib.suppress(ProtocolError):
            read_request(io.BytesIO(stdin))

    return Tally(fuzz(STDIN, examples, read))


def fuzz_hooks(examples: int, folder: Path) -> Tally:
    """Handle any hook context; afterwards the queue can be read and drained."""
    data = DataFolder(str(folder / "data"))
    data.create()
    lock = ProcessLock(data.drain_lock)
    assert lock.acquire()

    def handle(context: dict[str, Any]) -> None:
        handle_hook(data, "no drainer is started", Request(CONNECTION, {"hookContext": context}))

    tried = fuzz(CONTEXTS, examples, handle)
    manager = QueueManager.open(data.queue)
    for scene_id in [job.data["scene_id"] for job in pending_jobs(manager.database)]:
        assert scene_id is None or 0 < scene_id < 2**63
    claim(manager.get_queue(), 10_000, FAR_FUTURE)
    manager.close()
    lock.release()
    return Tally(tried)


def fuzz_arguments(examples: int) -> Tally:
    """Read any JSON as an argument of a task."""

    def read(value: Any) -> None:
        subset_of = partial(arguments.subset_of, allowed=("PlexNotFound",))
        for reader in (
            arguments.switch,
            arguments.whole_number,
            arguments.whole_numbers,
            arguments.point_in_time,
            subset_of,
        ):
            with contextlib.suppress(ArgumentError):
                reader({"name": value}, "name")

    dates = st.datetimes().map(str) | st.from_regex(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", fullmatch=True)
    return Tally(fuzz(JSON | dates, examples, read))


def fuzz_processes(examples: int, folder: Path) -> Tally:
    """Start the plugin with any bytes: one JSON object on stdout, and no drainer."""
    world = World(folder)
    world.data.create()
    lock = ProcessLock(world.data.drain_lock)
    assert lock.acquire()

    def start(stdin: bytes) -> None:
        run = run_plugin(world, stdin)
        assert list(run.reply) == (["output"] if run.exit_code == 0 else ["error"])
        assert run.exit_code in (0, 1)
        # A connection that Stash would never send is an unforeseen error; whatever else comes is foreseen.
        assert "Traceback" not in run.stderr or b'"Port": 1,' not in stdin

    tried = fuzz(STDIN, examples, start)
    lock.release()
    return Tally(tried)
