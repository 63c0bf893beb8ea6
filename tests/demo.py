"""`make demo`: PlexSync at work, told line by line. The exit code is 1 if an edit was lost."""

from __future__ import annotations

import base64
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulators.pictures import jpeg
from tests.support.agreement import disagreements
from tests.world import World

SCENES = 200
BULK_SCENES = range(101, 141)
OUTAGE = 20.0
PAUSE_BETWEEN_EDITS = 1.2
LONGEST_PAUSE = 0.9
"""Seconds; at random, as people are, and not in step with the plugin's looks at its queue."""
STATUS_EVERY = 4.0
LOOK_EVERY = 0.05
PATIENCE = 90.0
"""Seconds after which an edit that has not arrived counts as lost."""
POLL_INTERVAL = 1.0
"""Seconds; the plugin's default."""
WIDTH = 92
MILLISECONDS = 1_000

INTRODUCTION = """PlexSync at work, in under a minute: what a user edits in Stash, Plex shows by itself.
Stash and Plex are simulated here; the plugin's processes, its queue and the HTTP between them are real."""


@dataclass
class Edit:
    """One scene's edit: `seconds` is what its save took, times are `time.monotonic()`."""

    scene_id: int
    what: str
    seconds: float
    saved_at: float
    shown_after: float | None = None


class Story:
    """Prints what happens, one line an event."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()

    def chapter(self, title: str) -> None:
        """Begin a part."""
        self._print(f"\n{title}")

    def open(self) -> None:
        """Say what this is, and name the columns."""
        self._print(INTRODUCTION)
        self._print(f"\n{'seconds':>8}  {'what happens':<54}{'save took':>12}{'in Plex after':>16}\n" + "-" * WIDTH)

    def event(self, what: str, save: str = "", shown: str = "") -> None:
        """Tell one event."""
        elapsed = time.monotonic() - self._began_at
        self._print(f"{elapsed:>8.1f}  {what:<54}{save:>12}{shown:>16}".rstrip())

    def figures(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """The table at the end: name, figure, remark."""
        self._print("-" * WIDTH)
        for name, figure, remark in rows:
            self._print(f"  {name:<38}{figure:>12}   {remark}".rstrip())
        self._print("-" * WIDTH)

    def _print(self, text: str) -> None:
        print(text, flush=True)


class Demo:
    """The play: a user edits, edits in bulk, goes on while Plex is down; Plex comes back."""

    def __init__(self, world: World, story: Story) -> None:
        self._world = world
        self._story = story
        self._edits: list[Edit] = []
        self._pauses = random.Random(1)
        self._untouched = {scene_id: world.item(scene_id).snapshot() for scene_id in world.keys}

    # --- acts

    def edit_one_by_one(self) -> None:
        """Each edit, and its arrival."""
        for scene_id, what, fields in self._everyday_edits():
            edit = self._save(scene_id, what, fields)
            self._wait_for([edit])
            self._story.event(f"scene {scene_id:<4} {what}", _ms(edit.seconds), _after(edit))
            time.sleep(self._pauses.uniform(0.0, LONGEST_PAUSE))

    def edit_in_bulk(self) -> None:
        """One tag for many scenes at once: Stash runs the hook once per scene, one after the other."""
        tags = {"ids": [self._world.stash.tag_id("Favourites")], "mode": "ADD"}
        began_at = time.monotonic()
        save = self._world.stash.bulk_save(BULK_SCENES, tag_ids=tags)
        share = save.seconds / len(BULK_SCENES)
        edits = [Edit(scene_id, "a tag", share, began_at) for scene_id in BULK_SCENES]
        self._edits += edits
        self._wait_for(edits)
        last = max(edits, key=lambda edit: edit.shown_after or PATIENCE)
        what = f"{len(edits)} scenes get a tag in one bulk edit ({_ms(share)} each)"
        self._story.event(what, _ms(save.seconds), _after(last))

    def outage(self) -> None:
        """Plex goes, the user goes on, Plex comes back, and nobody tells the plugin."""
        story, plex = self._story, self._world.plex
        story.chapter(f"Plex goes down for {OUTAGE:.0f} seconds. The user goes on.")
        plex.refuse()
        puts = plex.count("PUT")
        down_at = time.monotonic()
        story.event("Plex refuses every connection")
        waiting = []
        for scene_id, what, fields in self._edits_during_the_outage():
            edit = self._save(scene_id, what, fields)
            waiting.append(edit)
            story.event(f"scene {scene_id:<4} {what}", _ms(edit.seconds), "waits")
            time.sleep(PAUSE_BETWEEN_EDITS)
        self._tell_status()
        time.sleep(max(0.0, down_at + OUTAGE - time.monotonic()))
        plex.accept()
        story.chapter("Plex is back. Nobody presses a button.")
        story.event("Plex answers again")
        self._tell_status()
        self._tell_recovery(waiting, puts)
        self._world.wait_until_drained()
        self._tell_status()

    def account(self) -> int:
        """Compare every scene, print the figures; returns how many edits were lost."""
        edited = {edit.scene_id for edit in self._edits}
        wrong = {scene_id for scene_id in edited if disagreements(self._world, [scene_id])}
        lost = sum(edit.scene_id in wrong or edit.shown_after is None for edit in self._edits)
        strays = [
            scene_id
            for scene_id, before in self._untouched.items()
            if scene_id not in edited and self._world.item(scene_id).snapshot() != before
        ]
        saves = [edit.seconds for edit in self._edits]
        plex = self._world.plex
        per_scene = (plex.count() - plex.count(prefix="/identity")) / len(edited)
        uploads = sum(item.upload_count for item in plex.items.values()) / len(edited)
        self._story.chapter(f"Plex compared with Stash, all {SCENES} scenes, every field:")
        self._story.figures(
            [
                ("edits made", str(len(self._edits)), f"of {len(edited)} scenes"),
                ("arrived in Plex", str(len(self._edits) - lost), ""),
                ("lost", str(lost), ""),
                ("scenes changed that nobody edited", str(len(strays)), ""),
                ("save time, median", _ms(statistics.median(saves)), "what the plugin adds to a save"),
                ("save time, worst", _ms(max(saves)), ""),
                ("Plex requests per scene", f"{per_scene:.1f}", f"{uploads:.1f} of them new posters and backgrounds"),
            ]
        )
        for line in disagreements(self._world, sorted(wrong)):
            self._story.event(line)
        return lost + len(strays)

    # --- edits

    def _everyday_edits(self) -> list[tuple[int, str, dict[str, Any]]]:
        stash = self._world.stash
        drama, travel = stash.tag_id("Drama"), stash.tag_id("Travel")
        studio = stash.studio_id("Harbour Films")
        cast = [stash.performer_id("Ann Lee"), stash.performer_id("Bob Day, Jr.")]
        cover = base64.b64encode(jpeg("a better cover")).decode()
        return [
            (1, 'title "Night Train to Lisbon", a studio', {"title": "Night Train to Lisbon", "studio_id": studio}),
            (1, "two tags", {"tag_ids": [drama, travel]}),
            (1, "two performers", {"performer_ids": cast}),
            (1, "a click on a rating star", {"rating100": 80}),
            (1, "summary and date", {"details": "Two strangers miss their stop.", "date": "2024-05-17"}),
            (1, "one tag taken off again", {"tag_ids": [drama]}),
            (1, "another cover", {"cover_image": f"data:image/jpeg;base64,{cover}"}),
            (
                2,
                "everything at once",
                {"title": "Low Tide", "details": "A walk.", "rating100": 65},
            ),
            (1, "summary emptied", {"details": ""}),
        ]

    def _edits_during_the_outage(self) -> list[tuple[int, str, dict[str, Any]]]:
        titles = ("The Lighthouse", "Paper Boats", "A Map of Rain", "Salt", "Second Spring", "The Long Room", "Kites")
        named = [
            (20 + number, f'title "{title}", two tags', {"title": title, "tag_ids": [1, 2]})
            for number, title in enumerate(titles)
        ]
        rated = [(scene_id, "a click on a rating star", {"rating100": 90}) for scene_id in (1, 2, 110, 111)]
        second_thought = [(20, 'title, on second thought: "Lighthouse"', {"title": "Lighthouse"})]
        return [*named, *rated, *second_thought]

    def _save(self, scene_id: int, what: str, fields: dict[str, Any]) -> Edit:
        began_at = time.monotonic()
        edit = Edit(scene_id, what, self._world.edit(scene_id, **fields), began_at)
        self._edits.append(edit)
        return edit

    # --- arrivals

    def _wait_for(self, edits: Sequence[Edit], tell: Callable[[Edit], None] | None = None) -> None:
        """Wait until Plex shows the edits, and note when; those that do not come in time stay as they are."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            missing = [edit for edit in edits if edit.shown_after is None]
            if not missing:
                return
            for edit in missing:
                if not disagreements(self._world, [edit.scene_id]):
                    edit.shown_after = time.monotonic() - edit.saved_at
                    if tell:
                        tell(edit)
            time.sleep(LOOK_EVERY)

    def _tell_recovery(self, edits: Sequence[Edit], puts: int) -> None:
        """Tell how the plugin finds Plex again (more than `puts` edits written), and each scene's arrival."""
        newest = {edit.scene_id: edit for edit in edits}
        began_at = told_at = time.monotonic()
        while self._world.plex.count("PUT") == puts and time.monotonic() < began_at + PATIENCE:
            if time.monotonic() >= told_at + STATUS_EVERY:
                told_at = time.monotonic()
                self._tell_status()
            time.sleep(LOOK_EVERY)

        def tell(edit: Edit) -> None:
            if newest[edit.scene_id] is edit:  # Plex never shows what an edit behind it has replaced
                self._story.event(f"scene {edit.scene_id:<4} {edit.what}", "", _after(edit))

        self._wait_for(edits, tell)

    def _tell_status(self) -> None:
        """What the task View Queue Status says."""
        status = self._world.stash.run_operation("PlexSync", mode="queue_status")
        waiting = status["pending"] + status["in_progress"]
        text = f"the plugin: {waiting} scenes wait, {status['dead_letters']} given up"
        probe = status["breaker"].get("next_probe_in")
        if probe is not None:
            text += f", looks for Plex in {max(0.0, probe):.0f} s"
        self._story.event(text)


def main() -> int:
    """Play; returns 0 if nothing was lost, else 1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the world is taken down in that case, too
    story = Story()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        World(Path(folder), SCENES, idle_seconds=60.0, poll_interval=POLL_INTERVAL) as world,
    ):
        story.open()
        story.event(f"Stash and Plex run, {SCENES} scenes in both, the plugin is installed")
        demo = Demo(world, story)
        story.chapter("A user edits scenes.")
        demo.edit_one_by_one()
        demo.edit_in_bulk()
        demo.outage()
        return 1 if demo.account() else 0


def _ms(seconds: float) -> str:
    return f"{seconds * MILLISECONDS:,.0f} ms"


def _after(edit: Edit) -> str:
    return "not yet" if edit.shown_after is None else f"{edit.shown_after:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
