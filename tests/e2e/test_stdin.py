"""What PlexSync answers to a stdin that Stash would never send, and to tasks that cannot be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.direct import DirectRun, request, run_plugin
from tests.world import World

BROKEN_STDIN = {
    "empty": b"",
    "white space": b" \n\t ",
    "not JSON": b"mode=all",
    "a JSON list": b"[1, 2]",
    "a JSON text": b'"all"',
    "null": b"null",
    "binary": bytes(range(256)),
    "UTF-16": '{"args": {}}'.encode("utf-16"),
    "two objects": b'{"server_connection": {}, "args": {}}{}',
    "deeply nested": b"[" * 100_000,
    "no connection": b'{"args": {"mode": "queue_status"}}',
    "a connection that is a list": b'{"server_connection": [], "args": {"mode": "queue_status"}}',
    "args that are a list": b'{"server_connection": {}, "args": ["mode", "all"]}',
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests here: none of them changes anything."""
    with World(tmp_path_factory.mktemp("world"), scenes=1) as world:
        yield world


def assert_refused(run: DirectRun, *words: str) -> None:
    """One object with a reason on stdout, which Stash logs, exit 1, and nothing else."""
    assert run.exit_code == 1
    assert list(run.reply) == ["error"]
    assert [word for word in words if word not in run.reply["error"]] == []
    assert run.stderr == ""


@pytest.mark.parametrize("stdin", BROKEN_STDIN.values(), ids=BROKEN_STDIN)
def test_a_broken_stdin_is_refused_in_words(world: World, stdin: bytes) -> None:
    assert_refused(run_plugin(world, stdin), "stdin ", ". PlexSync is started by Stash")


def test_a_truncated_stdin_is_refused_and_not_repeated(world: World) -> None:
    whole = request(world, mode="queue_status")
    for length in range(1, len(whole), len(whole) // 6):
        run = run_plugin(world, whole[:length])
        assert_refused(run, "stdin is not one JSON object")
        assert "session" not in run.reply["error"]


def test_an_unknown_mode_is_refused_with_the_known_ones(world: World) -> None:
    assert_refused(run_plugin(world, request(world, mode="sync")), '"sync"', "process_queue", "Settings > Tasks")


@pytest.mark.parametrize("args", [{}, {"mode": ""}, {"mode": None}, {"mode": ["all"]}, {"mode": 1}], ids=json.dumps)
def test_a_missing_mode_is_refused_with_the_known_ones(world: World, args: dict[str, Any]) -> None:
    assert_refused(run_plugin(world, request(world, **args)), "mode is missing", "process_queue", "Settings > Tasks")


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue", "purge_dlq"])
def test_missing_settings_are_named_with_where_to_set_them(tmp_path: Path, mode: str) -> None:
    with World(tmp_path, scenes=1, plex_url="", plex_token="") as world:
        world.edit(1, title="Waits for the settings", details="d")
        run = run_plugin(world, request(world, mode=mode))
        assert run.exit_code == 1
        assert list(run.reply) == ["error"]
        for words in ("plex_url is empty", "plex_token is empty", "Settings > Plugins > PlexSync"):
            assert words in run.reply["error"]
        assert world.open_jobs() == 1


@pytest.mark.parametrize("mode", ["queue_status", "clear_queue", "clear_dlq"])
def test_what_needs_no_settings_works_without_them(tmp_path: Path, mode: str) -> None:
    with World(tmp_path, plex_url="", plex_token="") as world:
        run = run_plugin(world, request(world, mode=mode))
        assert run.exit_code == 0
        assert list(run.reply) == ["output"]


def test_the_connection_test_says_which_settings_are_missing(tmp_path: Path) -> None:
    with World(tmp_path, plex_url="", plex_token="") as world:
        result = world.stash.run_operation("PlexSync", mode="health_check")
        assert result["ok"] is False
        details = " ".join(check["detail"] for check in result["checks"] if not check["ok"])
        assert "plex_url is empty" in details
        assert "plex_token is empty" in details


def test_settings_may_come_from_the_environment(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, plex_url="", plex_token="") as world:
        world.stash.plugins.environment |= {"PLEX_URL": world.plex.url, "PLEX_TOKEN": world.plex.token}
        world.edit(1, title="By the environment", details="d")
        world.wait_until_drained()
        assert world.item(1).title == "By the environment"


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_a_stash_that_cannot_be_reached_is_named(world: World, mode: str) -> None:
    stdin = json.dumps(
        {"server_connection": {"Scheme": "http", "Host": "127.0.0.1", "Port": 1}, "args": {"mode": mode}}
    )
    run = run_plugin(world, stdin.encode())
    assert run.exit_code == 1
    assert "Stash at http://127.0.0.1:1 cannot be reached" in run.reply["error"]


def test_a_data_folder_that_cannot_be_made_is_named(world: World, tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("in the way")
    run = run_plugin(world, request(world, mode="queue_status"), STASH_PLUGIN_DATA=str(file / "data"))
    assert_refused(run, str(file / "data"), "Move away the file that is in the way")
