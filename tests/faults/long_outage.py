"""Eight hours without Plex while ten thousand scenes are edited, in a time that only a fake clock makes short."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.simulators.faults import maintenance
from tests.support.workbench import Workbench

MINUTE = 60.0


@dataclass(frozen=True)
class LongOutage:
    """What came of it: counts, and times in seconds of the fake clock.

    `load` is CPU time per second of the outage (0..1), of the worker and of the simulator that it probed.
    """

    edits: int
    hours: float
    probes: int
    load: float
    buried: int
    retries_counted: int
    seconds_to_drain: float
    requests_in_first_minute: int
    wrong: int

    def rows(self) -> list[tuple[str, str]]:
        """The figures in words."""
        return [
            ("probes of `/identity`", f"{self.probes:,}"),
            ("CPU while it lasted", f"{self.load:.3%} of a core"),
            ("jobs buried", f"{self.buried}"),
            ("retries counted", f"{self.retries_counted}"),
            ("requests to Plex in the first minute afterwards", f"{self.requests_in_first_minute:,}"),
            ("from the first job that passed to the last", f"{self.seconds_to_drain / MINUTE:.1f} minutes"),
            ("scenes that Plex shows wrongly in the end", f"{self.wrong}"),
        ]


def live_through(folder: Path, edits: int = 10_000, hours: float = 8.0) -> LongOutage:
    """Edit scenes evenly over the outage, each once, and let it end."""
    minutes = round(hours * 60)
    with Workbench(folder, edits, skip_fields="poster, background", poll_interval=5.0) as bench:
        outage = bench.plex.inject(maintenance())
        load = 0.0
        for minute in range(minutes):
            for scene_id in range(minute * edits // minutes + 1, (minute + 1) * edits // minutes + 1):
                bench.edit(scene_id, title=f"New title {scene_id}", details="Saved in an outage.")
            began = time.process_time()
            bench.run_for(MINUTE)
            load += time.process_time() - began
        probes = bench.plex.count(prefix="/identity")
        retries, buried = bench.retries_counted(), len(bench.dead_letters())
        outage.remove()
        bench.run_until(lambda: bench.open_jobs() < edits)
        recovered_at = bench.clock.now
        bench.plex.reset_log()
        bench.run_for(MINUTE)
        requests = bench.plex.count()
        while bench.open_jobs():
            bench.run_for(MINUTE / 60)
        return LongOutage(
            edits=edits,
            hours=hours,
            probes=probes,
            load=load / (hours * 3600),
            buried=buried + len(bench.dead_letters()),
            retries_counted=retries,
            seconds_to_drain=bench.clock.now - recovered_at,
            requests_in_first_minute=requests,
            wrong=sum(not bench.shows(scene_id) for scene_id in bench.keys),
        )
