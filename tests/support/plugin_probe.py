"""Plugins that are written for one test, and a Stash that runs them."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulators.stash import StashSimulator

WAIT_SECONDS = 30  # the most that anything here may take; reached only where something is broken

MANIFEST = """
name: Probe
description: Shows what it gets
version: 1.0
exec:
  - python3
  - "{pluginDir}/probe.py"
interface: raw
hooks:
  - name: Scene hook
    triggeredBy:
      - Scene.Create.Post
      - Scene.Update.Post
      - Scene.Destroy.Post
      - Tag.Update.Post
      - Tag.Merge.Post
      - Studio.Update.Post
tasks:
  - name: Work
    description: Does it
    defaultArgs:
      mode: work
      count: 5
  - name: Plain
settings:
  url:
    displayName: Address
    type: STRING
  paused:
    type: BOOLEAN
"""
ECHO = """
import json, os, sys
given = json.load(sys.stdin)
at_end = sys.stdin.read() == ""
output = {**given, "at_end": at_end, "cwd": os.getcwd(), "python": sys.executable,
          "PYTHONPATH": os.environ.get("PYTHONPATH"), "argv": sys.argv, "extra": os.environ.get("EXTRA")}
print(json.dumps({"output": output}))
"""
SAY_WHO_AND_SLEEP = """
import json, sys, time
args = json.load(sys.stdin)["args"]
print("\\x01i\\x02started", args["hookContext"]["id"], file=sys.stderr, flush=True)
time.sleep(600)
"""

Starter = Callable[..., StashSimulator]


def write_plugin(root: Path, script: str, manifest: str = MANIFEST, plugin_id: str = "Probe") -> None:
    """Write a plugin of one script into a plugins root."""
    folder = root / plugin_id
    folder.mkdir(parents=True)
    (folder / f"{plugin_id}.yml").write_text(manifest, encoding="utf-8")
    (folder / "probe.py").write_text(textwrap.dedent(script), encoding="utf-8")


@contextmanager
def starter(plugins_dir: Path) -> Iterator[Starter]:
    """Give a function that starts a Stash with three scenes and a plugin of the given script."""
    started: list[StashSimulator] = []

    def run(script: str, manifest: str = MANIFEST, **options: Any) -> StashSimulator:
        write_plugin(plugins_dir, script, manifest)
        stash = StashSimulator(plugins_dir, **options)
        for number in range(3):
            stash.add_scene(f"/{number}.mp4", title=f"Scene {number}", tags=["T"])
        stash.start()
        started.append(stash)
        return stash

    yield run
    for stash in started:
        stash.stop()
        assert stash.errors == []


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def levels(stash: StashSimulator) -> list[tuple[str, str]]:
    """Return what plugins logged, as (level, text)."""
    return [(line.level, line.text) for line in stash.logs if line.plugin]
