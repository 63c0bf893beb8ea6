"""tools/process_queue.py: the queue, processed from a shell in a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue_many
from tests.world import PROJECT, World

API_KEY = "api-key-77aa"
SCENES = range(1, 7)
PATIENCE = 60.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, scenes=len(SCENES)) as world:
        world.stash.api_key = API_KEY
        world.data.create()
        for scene_id in SCENES:
            world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
        with closing(open_queue_database(world.data.queue)) as database:
            enqueue_many(database, SCENES, "all", time.time())
        yield world


def run_tool(world: World, *arguments: str, api_key: str = API_KEY) -> subprocess.CompletedProcess[str]:
    own = {"STASH_PLUGIN_DATA": world.data.root, "STASH_API_KEY": api_key, "PLEXSYNC_IDLE_SECONDS": "0.5"}
    command = [sys.executable, str(PROJECT / "tools" / "process_queue.py"), *arguments]
    return subprocess.run(
        command, env={**os.environ, **own}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_it_processes_the_queue_and_shows_the_log(world: World) -> None:
    run = run_tool(world, world.stash.url)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["output"]["in_step"] == len(SCENES)
    assert [world.item(scene_id).title for scene_id in SCENES] == [f"Title {scene_id}" for scene_id in SCENES]
    assert "info: Progress: 6/6 (100%), 0 remaining, " in run.stderr
    assert "\x01" not in run.stderr
    assert API_KEY not in run.stdout + run.stderr


def test_a_wrong_key_is_an_error_and_the_jobs_stay(world: World) -> None:
    run = run_tool(world, world.stash.url, api_key="wrong")
    assert run.returncode == 1
    assert "wants a login" in json.loads(run.stdout)["error"]
    assert world.open_jobs() == len(SCENES)


@pytest.mark.parametrize(
    "address", ["localhost:9999", "http://", "http://me:secret@stash", "http://stash:x", "ftp://a"]
)
def test_what_is_no_address_is_refused(world: World, address: str) -> None:
    run = run_tool(world, address)
    assert (run.returncode, run.stdout) == (2, "")


def test_it_says_how_to_use_it(world: World) -> None:
    run = run_tool(world)
    assert (run.returncode, run.stdout) == (2, "")
    assert "STASH_API_KEY" in run.stderr
