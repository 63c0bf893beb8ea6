"""`python -m tests.faults`: try every fault, and put what came of it into docs/reliability.md.

With `--short`, fewer kills and one case of each kind of bad reply.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from tests.faults import clock_jumps, damage, disk, random_kills, replies, rush, stdin_fuzz
from tests.faults.crash_scenarios import crash_at, points
from tests.faults.tally import Tally
from tests.world import PROJECT

DOCUMENT = PROJECT / "docs" / "reliability.md"
HEAD = """# Reliability

What was done to the plugin, and what came of it. Made by `make faults`; the short form of it is part of `make test`.
Real processes, real SQLite and real HTTP, against the simulators; clock and replies also in one process, where an hour
takes a moment.

*Lost*: scenes that Plex shows wrongly though nothing is going on for them any more. *Stuck*: jobs that are open, or
given up, when nothing is left to wait for. *Written twice*: writes whose whole effect Plex showed already.

"""

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


def main(arguments: list[str]) -> int:
    """Try everything; returns 1 where a fault did harm."""
    started = time.monotonic()
    short = "--short" in arguments
    command = "python -m tests.faults" + (" --short" if short else "")
    lines = ["| fault | tried | lost | stuck | written twice |", "| --- | --- | --- | --- | --- |"]
    findings: list[str] = []
    for fault in faults(short):
        tally, refused = try_all(fault)
        note = f" ({refused} more cannot be done on this machine)" if refused else ""
        lines.append(f"| {fault.words}{note} | {tally.tried:,} | {tally.lost} | {tally.stuck} | {tally.twice} |")
        findings += [f"{fault.words}: {finding}" for finding in tally.findings]
        print(lines[-1], flush=True)
        taken = f"`{command}` · {date.today()} · {time.monotonic() - started:.0f} seconds\n\n"
        DOCUMENT.write_text(HEAD + taken + "\n".join(lines) + "\n", encoding="utf-8")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
