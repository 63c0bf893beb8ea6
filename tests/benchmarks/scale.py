"""What everything costs in a library of 1,000, of 10,000 and of 100,000, and by what the cost grows in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue, enqueue_many
from sync_queue.manager import QueueManager
from sync_queue.operations import ack_job, claim
from sync_queue.views.job_list import discard_waiting, pending_jobs
from tests.benchmarks.file_index import index_in_process
from tests.benchmarks.peak_memory import MEGABYTE
from tests.benchmarks.report import Bar, at_most, section
from tests.benchmarks.task_cost import TaskCost, run_task
from tests.benchmarks.timing import MICROSECONDS, MILLISECONDS, in_turns, sample, seconds_of
from tests.world import World

SIZES = (1_000, 10_000, 100_000)
PAGE = 1_000
"""Scenes enqueued at once, as the tasks do it."""
CLAIM = 50
"""Jobs claimed at once, as the worker does it."""
ROUNDS = 50
SETTLE = 3.0
"""Seconds between a change and the task: Stash stores whole seconds, so what has just changed is looked at twice."""
GROWTH_BAR = 1.5
"""Times what it costs a scene in the smallest library."""
TEXT = (
    f"Libraries of {', '.join(f'{size:,}' for size in SIZES)} scenes, each a file in Plex, and queues of as many jobs. "
    "*Growth* is the last column through the first: of the cost a scene where the line is about every scene "
    "(1 means: ten times as many scenes, ten times the cost), of the whole cost where it is about one thing. Processor "
    "time is the plugin's own process, user and system: the simulators share the cores with it, and wall time holds "
    "their work too. The tasks are started as Stash starts them; poster, background and rating are left out, each of "
    "which costs a request of its own (see the table of requests). Where the cost a scene falls, it is because what a "
    "run pays once is spread over more scenes."
)


@dataclass(frozen=True)
class Measure:
    """One line: a figure for each size, how to show it, and whether every scene adds to it."""

    what: str
    values: tuple[float, ...]
    unit: str
    scale: float = 1.0
    decimals: int = 1
    is_per_scene: bool = False
    is_bound: bool = True

    def growth(self) -> float:
        """The last figure through the first, a scene's where every scene adds to it."""
        sizes = SIZES if self.is_per_scene else (1,) * len(SIZES)
        costs = [value / size for value, size in zip(self.values, sizes, strict=True)]
        return costs[-1] / costs[0]

    def bar(self) -> Bar | None:
        """The bar for the growth of a cost; None for a figure that may grow."""
        return at_most(self.growth(), GROWTH_BAR) if self.is_bound else None

    def cells(self) -> list[str]:
        """The line of the table."""
        figures = [f"{value * self.scale:,.{self.decimals}f} {self.unit}" for value in self.values]
        bar = self.bar()
        verdict = f"{bar.text}: {'met' if bar.met else '**missed**'}" if bar else ""
        return [self.what, *figures, f"{self.growth():.2f}{' a scene' if self.is_per_scene else ''}", verdict]


@dataclass(frozen=True)
class ScaleTable:
    """The lines, as report.Table has them."""

    measures: tuple[Measure, ...]
    name: str = "scale"

    def missed(self) -> list[str]:
        """The lines whose growth is beyond the bar, in words."""
        bars = [(measure, measure.bar()) for measure in self.measures]
        return [
            f"scale: {measure.what}: grows by {measure.growth():.2f}" for measure, bar in bars if bar and not bar.met
        ]

    def markdown(self) -> str:
        """The section of the document."""
        heads = ["what", *(f"{size:,}" for size in SIZES), "growth", "bar"]
        return section(self.name, "Scale", TEXT, heads, [measure.cells() for measure in self.measures])


def measure(folder: Path) -> ScaleTable:
    """The table of scale."""
    index = [index_in_process(folder / f"index-{size}", size) for size in SIZES]
    queue = [_queue_costs(folder / f"queue-{size}", size) for size in SIZES]
    tasks = [_task_costs(folder / f"world-{size}", size) for size in SIZES]
    return ScaleTable((*_index_measures(index), *_queue_measures(queue), *_task_measures(tasks)))


def _each(results: Sequence[dict[str, Any]], name: str) -> tuple[float, ...]:
    return tuple(result[name] for result in results)


# --- the index of Plex's files


def _index_measures(results: Sequence[dict[str, Any]]) -> tuple[Measure, ...]:
    lookups = tuple(sample(result["lookups"]).median for result in results)
    return (
        Measure("index: build", _each(results, "build"), "s", decimals=2, is_per_scene=True),
        Measure("index: read from Plex for it", _each(results, "bytes"), "MB", 1 / MEGABYTE, is_per_scene=True),
        Measure("index: its file", _each(results, "file"), "MB", 1 / MEGABYTE, is_per_scene=True),
        Measure(
            "index: refresh after one new item, processor time; it counts the items",
            _each(results, "refresh"),
            "ms",
            MILLISECONDS,
            is_bound=False,
        ),
        Measure("index: read from Plex for it", _each(results, "refresh_bytes"), "kB", 1 / 1_000),
        Measure("index: one lookup", lookups, "µs", MICROSECONDS, decimals=0),
        Measure("index: peak memory of the process", _each(results, "peak"), "MB", 1 / MEGABYTE, decimals=0),
    )


# --- the queue


def _queue_costs(folder: Path, size: int) -> dict[str, float]:
    folder.mkdir(parents=True)
    manager = QueueManager.open(str(folder))
    database = manager.database
    try:
        costs = {"enqueue": seconds_of(lambda: _enqueue_all(database, size))}
        costs["again"] = seconds_of(lambda: _enqueue_all(database, size))
        numbers = iter(range(size + 1, size + 1 + ROUNDS))
        costs["one"] = _median(lambda: enqueue(database, next(numbers), ["title"], "hook", time.time()))
        costs["drain"] = _median(lambda: _drain_batch(manager)) / CLAIM
        _enqueue_all(database, size)
        costs["clear"] = seconds_of(lambda: discard_waiting(database, pending_jobs(database), 0.0))
    finally:
        database.close()
    return costs


def _enqueue_all(database: Database, size: int) -> None:
    for first in range(1, size + 1, PAGE):
        enqueue_many(database, range(first, min(first + PAGE, size + 1)), "benchmark", time.time())


def _drain_batch(manager: QueueManager) -> None:
    jobs = claim(manager.get_queue(), CLAIM, time.time())
    with manager.database.transaction():
        for job in jobs:
            ack_job(manager.get_queue(), job)


def _median(action: Callable[[], object]) -> float:
    (taken,) = in_turns(min(ROUNDS, SIZES[0] // CLAIM - 1), lambda: seconds_of(action))
    return taken.median


def _queue_measures(results: Sequence[dict[str, float]]) -> tuple[Measure, ...]:
    return (
        Measure("queue: enqueue all", _each(results, "enqueue"), "s", decimals=2, is_per_scene=True),
        Measure("queue: enqueue all again", _each(results, "again"), "s", decimals=2, is_per_scene=True),
        Measure("queue: enqueue one edit, all others waiting", _each(results, "one"), "µs", MICROSECONDS, 0),
        Measure("queue: claim and ack one, all others waiting", _each(results, "drain"), "µs", MICROSECONDS, 0),
        Measure("queue: delete all", _each(results, "clear"), "s", decimals=2, is_per_scene=True),
    )


# --- the tasks


def _task_costs(folder: Path, size: int) -> dict[str, float]:
    with World(folder, idle_seconds=300.0, skip_fields="poster, background, rating", poll_interval=1.0) as world:
        for number in range(1, size + 1):
            world.add_scene(
                details=f"What happens in {number}.",
                studio=f"Studio {number % 20}",
                performers=[f"Performer {number % 50}"],
                tags=[f"Tag {number % 10}", f"Tag {number % 7 + 10}"],
            )
        time.sleep(SETTLE)
        costs: dict[str, float] = {}
        for name, args in {
            "compare": {"mode": "compare"},
            "changed": {"mode": "all"},
            "unchanged": {"mode": "all"},
            "in_step": {"mode": "compare"},
        }.items():
            cost = run_task(world, **args)
            _check(name, cost, size)
            costs |= {f"{name}_{key}": value for key, value in vars(cost).items() if key != "result"}
        costs |= _status_costs(world, size)
    return costs


def _check(name: str, cost: TaskCost, size: int) -> None:
    expected = {
        "compare": ("differs", size),
        "changed": ("in_step", size),
        "unchanged": ("in_step", size),
        "in_step": ("in_step", size),
    }
    key, value = expected[name]
    if cost.result[key] != value:
        raise AssertionError(f"{name}: {key} is {cost.result[key]}, not {value}")


def _status_costs(world: World, size: int) -> dict[str, float]:
    """The cost of *View Queue Status* with every scene in the queue."""
    database = open_queue_database(world.data.queue)
    try:
        _enqueue_all(database, size)
    finally:
        database.close()
    (taken,) = in_turns(5, lambda: run_task(world, mode="queue_status").processor)
    return {"status": taken.median}


def _task_measures(results: Sequence[dict[str, float]]) -> tuple[Measure, ...]:
    names = {
        "changed": "*Sync All*, all changed",
        "unchanged": "*Sync All*, nothing changed",
        "compare": "*Compare*, all differ",
        "in_step": "*Compare*, all in step",
    }
    measures: list[Measure] = []
    for key, what in names.items():
        measures += (
            Measure(what, _each(results, f"{key}_seconds"), "s", is_per_scene=True, is_bound=False),
            Measure("… processor time", _each(results, f"{key}_processor"), "s", is_per_scene=True),
            Measure("… requests to Plex", _each(results, f"{key}_plex_requests"), "", decimals=0, is_per_scene=True),
            Measure("… requests to Stash", _each(results, f"{key}_stash_requests"), "", decimals=0, is_per_scene=True),
            Measure("… peak memory", _each(results, f"{key}_peak"), "MB", 1 / MEGABYTE, 0),
        )
    what = "*View Queue Status*, all waiting: processor time; it counts the jobs, and searches the file for damage"
    return (*measures, Measure(what, _each(results, "status"), "s", decimals=2, is_bound=False))
