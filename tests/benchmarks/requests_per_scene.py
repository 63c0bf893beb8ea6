"""How many requests a scene costs, to Plex and to Stash."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import sample
from tests.simulators.pictures import jpeg
from tests.world import World

SCENES = 1_000
SINGLE_EDITS = 20
RATED, NEW_COVERS = 100, 50
TASK = "Sync All Scenes"
TASK_PATIENCE = 300.0
"""Seconds that a task over all scenes may take before the benchmark gives up."""
SETTLE = 3.0
"""Seconds between a change and the task: Stash stores whole seconds, so what has just changed is looked at twice."""
EVERYTHING = {
    "title_format": "[{studio} - ]{title}[ ({year})]",
    "sort_title_format": "{studio} {date}",
    "content_rating": "XXX",
    "code_as": "tagline",
    "write_director": True,
    "label_all": "Stash",
    "tags_as": "both",
    "tags_except": "Top/",
    "performer_tags": True,
    "collections_from": "studio, parent_studio, groups, performers, tags",
    "collection_prefix": "Stash - ",
}
"""Settings under which a scene shows all that Stash can tell of it."""
TEXT = (
    f"A library of {SCENES:,} scenes. The bulk rows are the task *Sync All Scenes*, from its start to its end: "
    "connecting, settings, index, reading, writing, reading back. The reference is the least that could do: one "
    "request to Plex for each scene with changed text, each changed rating and each changed picture (poster and "
    "background are two), and nothing else. *Everything on* is with title and sort title by a format, content rating, "
    "code, director, labels, performers' tags, tags by parent, and collections of all kinds. "
    "A single edit goes through hook and drainer; its figure is the median "
    f"(min..max) of {SINGLE_EDITS}."
)


class RequestBench:
    """A world of SCENES scenes, all of which have metadata."""

    def __init__(self, world: World) -> None:
        self._world = world
        for number in range(1, SCENES + 1):
            world.add_scene(
                title=f"Title {number}",
                details=f"What happens in {number}.",
                date="2024-05-17",
                rating100=number % 100 + 1,
                studio=f"Studio {number % 20}",
                performers=[f"Performer {number % 50}", f"Performer {number % 30 + 50}"],
                tags=[f"Tag {number % 10}", f"Tag {number % 7 + 10}"],
                groups=[f"Group {number % 40}"],
                code=f"AB-{number}",
                director=f"Director {number % 15}",
            )
        library = world.stash.library
        network, top, tall = library.studios.add("Network"), library.tags.add("Top"), library.tags.add("Tall")
        for number in range(20):
            library.studios.update(library.studios.find_or_add(f"Studio {number}"), parent_ids=(network,))
        for number in range(80):
            library.performers.update(library.performers.find_or_add(f"Performer {number}"), tag_ids=(tall,))
        library.tags.update(library.tags.find_or_add("Tag 3"), parent_ids=(top,))

    def sync_all(self, what: str, nearest: str) -> Row:
        """Run the task over all scenes, some or all of which have changed."""
        ratings, pictures = self._ratings_and_pictures()
        self._run_task()
        ratings, pictures = (
            after - before for after, before in zip(self._ratings_and_pictures(), (ratings, pictures), strict=True)
        )
        to_plex = self._world.plex.count() / SCENES
        least = 1 + (ratings + pictures) / SCENES
        bar = at_most(to_plex, round(least + 0.1, 4))
        return Row(what, self._per_scene(), f"{least:.3f}", f"{to_plex / least:.3f}", bar, nearest)

    def switch_everything_on(self) -> None:
        """Fill every field that settings can fill."""
        known = self._world.stash.library.plugin_settings["PlexSync"]
        self._world.stash.configure_plugin("PlexSync", **{**known, **EVERYTHING})

    def sync_unchanged(self, when: str = "") -> Row:
        """Run the task where nothing has changed."""
        self._run_task()
        to_plex = self._world.plex.count() / SCENES
        return Row(f"bulk of {SCENES:,}, {when}nothing changed", self._per_scene(), "0", bar=at_most(to_plex, 0.05))

    def change_text(self) -> None:
        """Give every scene another title and tag, without a hook."""
        tag = self._world.stash.tag_id("New Tag")
        for scene_id in self._world.keys:
            self._world.stash.save_without_hook(scene_id, title=f"Better Title {scene_id}", tag_ids=[tag])

    def change_everything(self) -> None:
        """The same with another summary, some ratings and some covers."""
        tag = self._world.stash.tag_id("Newer Tag")
        for scene_id in self._world.keys:
            self._world.stash.save_without_hook(scene_id, details=f"More happens in {scene_id}.", tag_ids=[tag])
            if scene_id <= RATED:
                self._world.stash.save_without_hook(scene_id, rating100=100 - scene_id % 100)
            if scene_id <= NEW_COVERS:
                self._world.stash.library.change_scene(scene_id, cover=jpeg(f"new cover {scene_id}"))

    def single_edits(self, when: str = "") -> Row:
        """Edit scenes one by one, with the drainer running and the index warm."""
        self._world.edit(1, title=f"The drainer starts{when}")
        self._world.wait_until_drained()
        to_plex, to_stash = [], []
        for scene_id in range(2, SINGLE_EDITS + 2):
            self._reset_logs()
            self._world.edit(scene_id, title=f"Edited Title {scene_id}{when}")
            self._world.wait_until_drained()
            to_plex.append(self._world.plex.count())
            to_stash.append(self._world.stash.count())
        plex = sample(to_plex)
        measured = f"Plex {plex.shown(decimals=0)}, Stash {sample(to_stash).shown(decimals=0)}"
        bar = at_most(max(to_plex), 3)
        return Row(f"one edited scene, {when}index warm", measured, "1", f"{plex.median:.0f}", bar, "10")

    def _run_task(self) -> None:
        time.sleep(SETTLE)
        self._reset_logs()
        job = self._world.stash.run_task("PlexSync", TASK)
        if not job.ended.wait(TASK_PATIENCE) or self._world.open_jobs():
            raise AssertionError(f"{TASK} did not end in {TASK_PATIENCE:.0f} seconds, or left jobs behind")

    def _per_scene(self) -> str:
        return f"Plex {self._world.plex.count() / SCENES:.3f}, Stash {self._world.stash.count() / SCENES:.3f}"

    def _reset_logs(self) -> None:
        self._world.plex.reset_log()
        self._world.stash.reset_log()

    def _ratings_and_pictures(self) -> tuple[int, int]:
        items = self._world.plex.items.values()
        return sum(item.rating_count for item in items), sum(item.upload_count for item in items)


def measure(folder: Path) -> Table:
    """The table of requests."""
    with World(folder, idle_seconds=300.0) as world:
        bench = RequestBench(world)
        rows = [bench.sync_all(f"bulk of {SCENES:,}, first sync: everything is new, index cold", "10")]
        bench.change_text()
        rows.append(bench.sync_all(f"bulk of {SCENES:,}, title and tags changed", "10"))
        bench.change_everything()
        rows.append(bench.sync_all(f"bulk of {SCENES:,}, text changed, {RATED} ratings, {NEW_COVERS} covers", "10"))
        rows.append(bench.sync_unchanged())
        rows.append(bench.single_edits())
        bench.switch_everything_on()
        rows.append(bench.sync_all(f"bulk of {SCENES:,}, everything on since the last sync", "10"))
        rows.append(bench.sync_unchanged("everything on, "))
        rows.append(bench.single_edits("everything on, "))
    return Table("requests", "Requests per scene", TEXT, tuple(rows))
