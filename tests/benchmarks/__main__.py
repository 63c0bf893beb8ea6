"""`python -m tests.benchmarks [table …]`: take the figures, print them, and put them into docs/benchmarks.md."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import (
    after_scan,
    bulk_edit,
    burst,
    drain_rate,
    equal_names,
    file_index,
    history,
    hook,
    install,
    memory,
    operations,
    outage,
    page,
    parallel,
    requests_per_scene,
    save_to_plex,
    scale,
)
from tests.benchmarks.report import Table, updated
from tests.benchmarks.scale import ScaleTable
from tests.world import PROJECT

DOCUMENT = PROJECT / "docs" / "benchmarks.md"

TABLES: dict[str, Callable[[Path], Table | ScaleTable]] = {
    "hook": hook.measure,
    "operations": operations.measure,
    "page": page.measure,
    "save": save_to_plex.measure,
    "requests": requests_per_scene.measure,
    "drain": drain_rate.measure,
    "parallel": parallel.measure,
    "history": history.measure,
    "memory": memory.measure,
    "index": file_index.measure,
    "names": equal_names.measure,
    "scan": after_scan.measure,
    "bulk": bulk_edit.measure,
    "burst": burst.measure,
    "outage": outage.measure,
    "install": install.measure,
    "scale": scale.measure,
}


def main(names: list[str]) -> int:
    """Take the named tables, all where none is named; returns the exit code."""
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        print(f"no table is called {', '.join(unknown)}: there are {', '.join(TABLES)}", file=sys.stderr)
        return 2
    started = time.monotonic()
    sections: dict[str, str] = {}
    missed: list[str] = []
    for name in names or TABLES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            table = TABLES[name](Path(folder))
        sections[name] = table.markdown()
        missed += table.missed()
        print(sections[name], flush=True)
    document = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    DOCUMENT.write_text(updated(document, sections, TABLES), encoding="utf-8")
    print(f"{time.monotonic() - started:.0f} seconds; the tables are in docs/benchmarks.md")
    for line in missed:
        print(f"bar missed: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
