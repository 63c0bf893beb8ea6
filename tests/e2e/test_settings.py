"""A wrong setting stops nothing but the drain: saves go on, jobs wait, the fault is named, and fixing it is enough.

A drainer that waits for a person looks at the settings twice a minute, so all of these stories run at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from tests.support.agreement import disagreements, job_rows, logged_times, wait_until_logged
from tests.world import World, wait_until


@dataclass(frozen=True)
class Trouble:
    """Settings that keep jobs waiting, and what has to be said about them."""

    settings: Mapping[str, Any]
    said: tuple[str, ...]
    is_wrong: bool = True


TROUBLES = {
    "a number that is none": Trouble({"dlq_retention_days": "long"}, ("dlq_retention_days", '"long"', "from 1 to 365")),
    "a number out of range": Trouble({"max_tags": -3}, ("max_tags must be a whole number from 1 to 1000, but is -3",)),
    "no address": Trouble({"plex_url": "192.168.1.10:32400"}, ("plex_url", "192.168.1.10:32400", "http://")),
    "no token": Trouble({"plex_token": ""}, ("plex_token is empty", "Settings > Plugins > PlexSync")),
    "an unknown field": Trouble({"skip_fields": "title, colour"}, ("skip_fields", "colour", "background")),
    "an unknown library": Trouble({"plex_library": "Movie"}, ("Movie", "Movies"), is_wrong=False),
    "a pause": Trouble({"paused": True}, ("paused is set",), is_wrong=False),
}


@dataclass
class Story:
    """What became of jobs that had to wait for a person."""

    saves: list[Any]
    status: dict[str, Any]
    log_while_waiting: str
    times_said_in_stash: int
    sent_while_waiting: int
    missing: list[str]
    retries: set[int]
    buried: int


def live_through(trouble: Trouble, folder: Path) -> Story:
    """Edit scenes while a setting is wrong, look around, fix the setting, and do nothing more."""
    with World(folder, 3, idle_seconds=60.0, **trouble.settings) as world:
        for scene_id in (1, 2):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until_logged(world, "Syncing waits: ")
        wait_until(lambda: bool((JsonFile(world.data.status).peek() or {}).get("blocked")), "the status to say so")
        world.edit(3, title="Title 3", details="d")
        status = world.stash.run_operation("PlexSync", mode="queue_status")
        log = world.logged()
        sent = sum(request.method != "GET" for request in world.plex.requests)
        fixed = {"plex_url": world.plex.url, "plex_token": world.plex.token, "poll_interval": 0.1}
        world.stash.configure_plugin("PlexSync", **fixed)
        world.wait_until_drained()
        world.stash.run_operation("PlexSync", mode="queue_status")
        return Story(
            saves=[run.output for run in world.stash.runs if run.kind == "hook"],
            status=status,
            log_while_waiting=log,
            times_said_in_stash=logged_times(world, "Syncing waits: "),
            sent_while_waiting=sent,
            missing=disagreements(world, (1, 2, 3)),
            retries={row["retry_count"] for row in job_rows(world)},
            buried=world.dead_letters().get_count(),
        )


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Story]]]:
    """Every kind of trouble, all at the same time."""
    with ThreadPoolExecutor(len(TROUBLES)) as pool:
        yield {
            name: pool.submit(live_through, trouble, tmp_path_factory.mktemp("world"))
            for name, trouble in TROUBLES.items()
        }


@pytest.fixture(params=TROUBLES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of one trouble."""
    return str(request.param)


def test_saves_go_on_and_jobs_wait(stories: dict[str, Future[Story]], name: str) -> None:
    story = stories[name].result()
    assert set(story.saves) == {"ok"}
    assert (story.status["pending"], story.sent_while_waiting) == (3, 0)


def test_it_is_said_what_is_wrong_and_what_is_allowed(stories: dict[str, Future[Story]], name: str) -> None:
    story = stories[name].result()
    assert [words for words in TROUBLES[name].said if words not in story.log_while_waiting] == []
    assert story.times_said_in_stash == 1


def test_the_status_names_what_is_wrong(stories: dict[str, Future[Story]], name: str) -> None:
    status = stories[name].result().status
    shown = " ".join(status["settings_problems"]) if TROUBLES[name].is_wrong else str(status["drainer"])
    assert [words for words in TROUBLES[name].said if words not in shown] == []


def test_jobs_go_out_by_themselves_once_it_is_mended(stories: dict[str, Future[Story]], name: str) -> None:
    story = stories[name].result()
    assert (story.missing, story.retries, story.buried) == ([], {0}, 0)


def test_zeros_and_empty_texts_of_stashs_form_are_defaults(tmp_path: Path) -> None:
    numbers = ("max_retries", "connect_timeout", "read_timeout", "max_tags", "dlq_retention_days")
    texts = ("plex_library", "path_map", "skip_fields")
    settings: dict[str, Any] = dict.fromkeys(numbers, 0) | dict.fromkeys(texts, "")
    with World(tmp_path, 1, **settings) as world:
        world.edit(1, title="Title", details="d")
        world.wait_until_drained()
        assert disagreements(world, [1]) == []


def test_skipped_fields_are_left_alone(tmp_path: Path) -> None:
    skipped = "summary, tags, poster, background"
    with World(tmp_path, 1, skip_fields=skipped) as world:
        world.plex.edit_as_user(world.keys[1], summary="Plex's own", genres=["Plex's own"])
        world.edit(1, title="Title", details="d", tag_ids=[world.stash.tag_id("Tag")])
        world.wait_until_drained()
        item = world.item(1)
        assert (item.title, item.summary, item.genres) == ("Title", "Plex's own", ("Plex's own",))
        assert item.upload_count == 0
        assert not item.locked >= {"thumb"}


def test_what_plex_has_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    with World(tmp_path, 1, preserve_plex_edits=True) as world:
        world.plex.edit_as_user(world.keys[1], summary="Plex's own", genres=["Plex's own"])
        tags = [world.stash.tag_id("One"), world.stash.tag_id("Two")]
        world.edit(1, details="Stash's", date="2024-05-17", tag_ids=tags)
        world.wait_until_drained()
        item = world.item(1)
        assert (item.summary, item.originally_available_at) == ("Plex's own", "2024-05-17")
        assert set(item.genres) == {"Plex's own", "One", "Two"}
        world.edit(1, date="2024-05-18", tag_ids=tags[1:])
        world.wait_until_drained()
        assert (item.originally_available_at, set(item.genres)) == ("2024-05-18", {"Plex's own", "Two"})


def test_a_path_map_leads_to_the_right_file(tmp_path: Path) -> None:
    with World(tmp_path, path_map="/data/a => /media/movies/x; /data => /media/movies") as world:
        right = world.plex.add_item(world.section, "/media/movies/x/film.mp4")
        wrong = world.plex.add_item(world.section, "/media/movies/a/film.mp4")
        scene = world.stash.add_scene("/data/a/film.mp4")
        world.edit(scene.id, title="Mapped", details="d")
        world.wait_until_drained()
        assert world.plex.item(right).title == "Mapped"
        assert world.plex.item(wrong).edit_count == 0


def test_paths_are_hidden_in_all_logs_where_that_is_asked_for(tmp_path: Path) -> None:
    with World(tmp_path, obfuscate_paths=True, debug_logging=True) as world:
        scene_id = world.add_scene(title="")
        lonely = world.stash.add_scene("/data/secret-folder/nowhere.mp4", title="")
        for each in (scene_id, lonely.id):
            world.edit(each, details="d")
        world.stash.run_operation("PlexSync", mode="process_queue")
        wait_until_logged(world, "[path ")
        shown = world.logged()
        assert not any(path in shown for path in ("secret-folder", "nowhere", "scene-1", "studio-"))


def test_a_wrong_setting_that_decides_nothing_about_what_is_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    with World(tmp_path, 1, max_retries=-1, reconcile_interval="sometimes") as world:
        world.edit(1, title="Title", details="d")
        world.wait_until_drained()
        assert disagreements(world, [1]) == []
        for name in ("max_retries must be ", "reconcile_interval must be "):
            assert Path(world.data.log).read_text(encoding="utf-8").count(name) == 1
            problems = world.stash.run_operation("PlexSync", mode="queue_status")["settings_problems"]
            assert sum(name in problem for problem in problems) == 1
            checks = world.stash.run_operation("PlexSync", mode="health_check")["checks"]
            assert [name in check["detail"] for check in checks if check["name"] == "Settings"] == [True]
