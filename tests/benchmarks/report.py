"""How figures become Markdown: a row beside its reference, a table, and the document that keeps all tables."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import psutil

HEAD = """# Benchmarks

Made by `make bench`; one table alone by the command above it. Every figure stands beside its reference, measured in
the same run and, where both are times, in turns (A B A B), as median (min..max). A ratio is figure to reference. Times
belong to the machine they were taken on; ratios and counts travel better.

The plugin runs as Stash runs it, a fresh process a call, against simulators of Stash and Plex (tests/simulators) over
real HTTP and real SQLite. *Nearest plugin* is the nearest existing plugin as shipped, measured earlier on such
simulators; its figures are quoted for comparison and are no part of these runs.
"""
_SECTION = re.compile(r"<!-- table: (\w+) -->\n(.*?)<!-- end -->\n", re.DOTALL)


@dataclass(frozen=True)
class Bar:
    """What a figure should stay within, in words, and whether it does."""

    text: str
    met: bool


def at_most(value: float, limit: float, unit: str = "") -> Bar:
    """The bar `value` <= `limit`."""
    return Bar(f"at most {limit:g}{unit}", value <= limit)


def at_least(value: float, limit: float, unit: str = "") -> Bar:
    """The bar `value` >= `limit`."""
    return Bar(f"at least {limit:g}{unit}", value >= limit)


@dataclass(frozen=True)
class Row:
    """One figure: what it is of, its value, its reference, the ratio of the two, its bar, the nearest plugin's."""

    what: str
    measured: str
    reference: str = ""
    ratio: str = ""
    bar: Bar | None = None
    nearest: str = ""


@dataclass(frozen=True)
class Table:
    """Figures that belong together. `name` is what the command line calls it; `text` says how they were taken."""

    name: str
    title: str
    text: str
    rows: tuple[Row, ...]

    def missed(self) -> list[str]:
        """The rows whose bar is missed, in words."""
        return [
            f"{self.name}: {row.what}: {row.ratio or row.measured}, {row.bar.text}"
            for row in self.rows
            if row.bar is not None and not row.bar.met
        ]

    def markdown(self) -> str:
        """The table with its heading, its command and where it was taken."""
        cells = [
            [row.what, row.measured, row.reference, row.ratio, _verdict(row.bar), row.nearest] for row in self.rows
        ]
        heads = ["what", "measured", "reference", "ratio", "bar", "nearest plugin"]
        used = [column for column in range(len(heads)) if any(line[column] for line in cells)]
        lines = [[line[column] for column in used] for line in cells]
        return section(self.name, self.title, self.text, [heads[column] for column in used], lines)


def section(name: str, title: str, text: str, heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown with its heading, its command and where it was taken."""
    return "\n".join(
        [
            f"## {title}",
            "",
            f"`python -m tests.benchmarks {name}` · {circumstances()}",
            "",
            text,
            "",
            *(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *lines]),
            "",
        ]
    )


def circumstances() -> str:
    """Day, Python, system and cores; nothing that names the machine."""
    load = psutil.getloadavg()[0]
    return (
        f"{date.today().isoformat()} · Python {platform.python_version()} · {platform.system()} · "
        f"{os.cpu_count()} cores · load {load:.1f}"
    )


def updated(document: str, sections: Mapping[str, str], order: Iterable[str]) -> str:
    """The document with `sections` (Markdown by table name) in it; the other tables stay as they were."""
    kept = {**dict(_SECTION.findall(document)), **{name: f"{text}\n" for name, text in sections.items()}}
    parts = [f"<!-- table: {name} -->\n{kept[name]}<!-- end -->\n" for name in order if name in kept]
    return "\n".join([HEAD, *parts])


def _verdict(bar: Bar | None) -> str:
    if bar is None:
        return ""
    return f"{bar.text}: {'met' if bar.met else '**missed**'}"
