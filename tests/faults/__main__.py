"""`python -m tests.faults`: try every fault, and put what came of it into docs/reliability.md.

With `--short`, fewer kills and one case of each kind of bad reply.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from tests.faults import (
    a_year,
    clock_jumps,
    damage,
    disk,
    long_outage,
    random_kills,
    replies,
    rush,
    stdin_fuzz,
    upgrade,
)
from tests.faults.crash_scenarios import crash_at, points
from tests.faults.document import updated
from tests.faults.tally import Tally
from tests.world import PROJECT

DOCUMENT = PROJECT / "docs" / "reliability.md"

Case = Callable[[Path], Tally]


@dataclass(frozen=True)
class Fault:
    """A line of the table."""

    words: str
    cases: Iterable[Case]


def faults(short: bool) -> Iterator[Fault]:
    """Every fault with its cases."""
    kills = 60 if short else 1000
    named = points(range(1, 2 if short else 4), range(1, 2 if short else 6))
    yield Fault("SIGKILL at a named step", [partial(crash_at, point) for point in named])
    yield Fault("SIGKILL at a random moment", [course.run for course in random_kills.courses(kills)])
    yield Fault("50 hooks at once, with a drain and a *Process Queue* running", [rush.rush])
    yield Fault("8 hooks at once, the first that there are", [partial(rush.first_hooks, 3 if short else 100)])
    yield Fault("a state file or the database damaged", [case.run for case in damage.damage_cases()])
    yield Fault("the disk full, over quota, read-only or forbidden", list(_disk_cases()))
    yield Fault("the clock set back or on", [case.run for case in clock_jumps.jump_cases()])
    yield Fault("Plex answers badly, slowly or not at all", [case.run for case in replies.plex_cases(not short)])
    yield Fault("Stash answers badly, slowly or not at all", [case.run for case in replies.stash_cases(not short)])
    away = [partial(replies.switched_off, server) for server in ("Plex", "Stash")]
    yield Fault("Plex or Stash is off for an hour", away)
    yield Fault("anything on stdin", list(_fuzz_cases(100 if short else 1000)))


def _disk_cases() -> Iterator[Case]:
    for kind, courses in disk.COURSES.items():
        for course in courses:
            yield partial(disk.run, kind, course)


def _fuzz_cases(examples: int) -> Iterator[Case]:
    yield lambda _: stdin_fuzz.fuzz_reading(examples)
    yield partial(stdin_fuzz.fuzz_hooks, examples)
    yield lambda _: stdin_fuzz.fuzz_arguments(examples)
    yield partial(stdin_fuzz.fuzz_processes, max(10, examples // 20))


def try_all(fault: Fault) -> tuple[Tally, int]:
    """The sum over the fault's cases, and how many of them this machine does not allow."""
    total, refused = Tally(), 0
    for case in fault.cases:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                total += case(Path(folder))
            except disk.CannotBeDone:
                refused += 1
    return total, refused


def write_document(table: str = "", **long_ones: str) -> None:
    """Put one part, or several, into docs/reliability.md; a part that is not given stays as it was.

    Names of `long_ones` as in tests.faults.document.TITLES.
    """
    present = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    DOCUMENT.write_text(updated(present, table, **long_ones), encoding="utf-8")


def measure_outage() -> str:
    """The part about the long outage."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        result = long_outage.live_through(Path(folder))
    lines = [f"| {what} | {figure} |" for what, figure in result.rows()]
    text = (
        f"`python -m tests.faults --outage` · {date.today()}. Plex answers 503 for {result.hours:g} hours of a fake "
        f"clock, while {result.edits:,} scenes are edited, evenly; worker, SQLite and HTTP are real, in one process. "
        "Afterwards the ramp of docs/architecture.md sets the pace.\n\n"
    )
    return text + "\n".join(["| what | figure |", "| --- | --- |", *lines]) + "\n"


def measure_year() -> str:
    """The part about the year."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        year = a_year.live_a_year(Path(folder), scenes=300, edits=50_000, looks=(1, 90, 180, 270, 365))
    text = (
        f"`python -m tests.faults --year` · {date.today()} · {time.monotonic() - started:.0f} seconds. {year.edits:,} "
        f"edits of 300 scenes, {year.rebuilds} rebuilds of Plex's library, {year.kills} kills, each month 30 scenes "
        "deleted and 30 new ones, a comparison each week, and every third day a backup, a damaged state file, half a "
        f"file and a folder left behind. Scenes that Plex shows wrongly in the end: {year.wrong}. The rules are in "
        "[architecture](architecture.md#data).\n\n"
    )
    return text + "\n".join(year.lines()) + "\n"


def measure_upgrade() -> str:
    """The part about an upgrade."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        table = upgrade.measure(Path(folder))
    text = (
        f"`python -m tests.faults --upgrade` · {date.today()} · load {os.getloadavg()[0]:.1f}. Two builds of the "
        "zip, this version and one with the next number and an invented step between their formats. While "
        "somebody edits scene after scene, each with its hook, the files are replaced one by one, and a living "
        "drainer is left alone or killed at random moments. Where *no hook could run*, files were missing at that "
        "moment, and the next version's catch-up finds the edit. `make test` has two of these, and a drainer and "
        "a task that are killed at each step of the migration. The rules are in "
        "[architecture](architecture.md#an-upgrade)."
    )
    return f"{textwrap.fill(text, 120, break_on_hyphens=False)}\n\n{table}"


MEASURES = {"outage": measure_outage, "year": measure_year, "upgrade": measure_upgrade}


def main(arguments: list[str]) -> int:
    """Try everything; returns 1 where a fault did harm. With the flag of a part (`--year`), only live through that."""
    # Thousands of workers in this process warn of thousands of faults, as they should.
    logging.getLogger().addHandler(logging.NullHandler())
    for name, measure in MEASURES.items():
        if f"--{name}" in arguments:
            write_document(**{name: measure()})
            return 0
    harm = try_everything("--short" in arguments)
    for name, measure in MEASURES.items():
        write_document(**{name: measure()})
    return harm


def try_everything(short: bool) -> int:
    """Try every fault; returns 1 where one did harm."""
    started = time.monotonic()
    command = "python -m tests.faults" + (" --short" if short else "")
    lines = ["| fault | tried | lost | stuck | written twice | given up |", "| --- | --- | --- | --- | --- | --- |"]
    findings: list[str] = []
    for fault in faults(short):
        tally, refused = try_all(fault)
        note = f" ({refused} more cannot be done on this machine)" if refused else ""
        counts = f"{tally.tried:,} | {tally.lost} | {tally.stuck} | {tally.twice} | {tally.given_up}"
        lines.append(f"| {fault.words}{note} | {counts} |")
        findings += tally.findings
        print("\n".join([lines[-1], *tally.findings]), flush=True)
        taken = f"`{command}` · {date.today()} · {time.monotonic() - started:.0f} seconds\n\n"
        write_document(table=taken + "\n".join(lines) + "\n\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
