"""Replies that are none: a Plex and a Stash whose answers are cut off, wrong, late, too long, or do not come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.paced_world import PacedWorld
from tests.faults.tally import Tally
from tests.simulators.faults import (
    Fault,
    FaultyServer,
    cut_off_body,
    drop,
    huge_body,
    maintenance,
    not_xml,
    slow,
    status,
    truncated_body,
)
from tests.simulators.plex import wrong_ids
from tests.simulators.stash import graphql_error

HUGE = 10_000_000
OUTAGE = 60.0
"""Seconds, of the world's own time, for which a fault lasts that has no number of times."""

PLEX_FAULTS: dict[str, Callable[[], Fault]] = {
    "cut off in the body": cut_off_body,
    "half a body": truncated_body,
    "not XML": not_xml,
    "wrong ids": wrong_ids,
    "10 MB": lambda: huge_body(HUGE),
    "no reply": drop,
    "cut off in the head": lambda: drop(applied=True, after_bytes=30),
    "done, but no reply": lambda: drop(applied=True),
    "503 maintenance": maintenance,
    "502": lambda: status(502),
    "500": lambda: status(500),
    "429": lambda: status(429),
    "400": lambda: status(400),
    "404": lambda: status(404),
    "403": lambda: status(403),
    "302": lambda: status(302, headers={"Location": "http://127.0.0.1:1/"}),
}
STASH_FAULTS: dict[str, Callable[[], Fault]] = {
    "cut off in the body": cut_off_body,
    "half a body": truncated_body,
    "not JSON": not_xml,
    "no reply": drop,
    "slow": lambda: slow(0.05),
    "500": lambda: status(500),
    "503": lambda: status(503),
    "401": lambda: status(401),
    "404": lambda: status(404),
    "a locked database": lambda: graphql_error("database is locked"),
}


@dataclass(frozen=True)
class ReplyCase:
    """A fault of some of the requests to one server; `times` None means that it lasts for OUTAGE seconds."""

    server: str
    fault: str
    times: int | None = None
    method: str | None = None
    prefix: str = ""

    @property
    def words(self) -> str:
        """The case in words."""
        often = "for a minute" if self.times is None else f"{self.times} times"
        return f"{self.server}, {self.method or 'any'} {self.prefix}: {self.fault}, {often}"

    @property
    def is_outage(self) -> bool:
        """Whether it meets every request for a while: then no job may be given up, nor skipped as not found."""
        return self.times is None and self.method is None and not self.prefix

    def run(self, folder: Path) -> Tally:
        """Change everything, let the fault come and go, and look."""
        with PacedWorld(folder, read_timeout=5.0, skip_not_found=self.is_outage) as world:
            server: FaultyServer = world.plex if self.server == "Plex" else world.stash
            fault = (PLEX_FAULTS if self.server == "Plex" else STASH_FAULTS)[self.fault]()
            injection = server.inject(fault, times=self.times, method=self.method, prefix=self.prefix)
            world.add_scene()  # so that Plex is asked for new items, too
            world.change_all()
            world.work(OUTAGE)
            injection.remove()
            tally = world.judge()
            if not injection.hits:
                tally += Tally(findings=("no request met it",))
            if self.is_outage and tally.given_up:
                tally += Tally(findings=(f"{tally.given_up} jobs were given up",))
            return tally.about(self.words)


def switched_off(server: str, folder: Path) -> Tally:
    """The server takes no connection for an hour."""
    with PacedWorld(folder) as world:
        away: FaultyServer = world.plex if server == "Plex" else world.stash
        away.refuse()
        world.change_all()
        world.work(3600.0)
        retries = world.retries_counted()
        away.accept()
        tally = world.judge()
        counted = (f"{retries} retries were counted",) if retries else ()
        return (tally + Tally(findings=counted)).about(f"{server} is off")


PLEX_PLACES: tuple[tuple[str | None, str], ...] = (
    (None, ""),
    ("PUT", ""),
    ("POST", ""),
    ("PUT", "/:/rate"),
    ("GET", "/library/metadata"),
    ("GET", "/library/sections"),
)
STASH_PLACES: tuple[tuple[str | None, str], ...] = ((None, ""), ("POST", "/graphql"), ("GET", "/scene"))


def plex_cases(every: bool) -> list[ReplyCase]:
    """Every fault in every place, for a while and for some replies; or each fault once."""
    if not every:
        return [
            ReplyCase("Plex", fault, None if number % 2 else 2, *PLEX_PLACES[number % len(PLEX_PLACES)])
            for number, fault in enumerate(PLEX_FAULTS)
        ]
    return [
        ReplyCase("Plex", fault, times, *place)
        for fault in PLEX_FAULTS
        for place in PLEX_PLACES
        for times in (None, 1, 2, 3, 7)
    ]


def stash_cases(every: bool) -> list[ReplyCase]:
    """The same for Stash."""
    if not every:
        return [
            ReplyCase("Stash", fault, None if number % 2 else 2, *STASH_PLACES[number % len(STASH_PLACES)])
            for number, fault in enumerate(STASH_FAULTS)
        ]
    return [
        ReplyCase("Stash", fault, times, *place)
        for fault in STASH_FAULTS
        for place in STASH_PLACES
        for times in (None, 1, 2, 5)
    ]
