"""One scene on its way through a batch, and what became of its job."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync_queue.models import Job
from sync_queue.state.activity import Change
from sync_queue.state.sync_state import ItemState, SceneState
from validation.metadata import WantedMetadata
from validation.scene import Scene
from worker.items.item import ItemSync
from worker.pictures.picture import Picture


@dataclass(frozen=True)
class Outcome:
    """What became of one job; `error` None = done. The states are stored when the job is settled.

    `files`: the scene's, as Stash sees them. `tried`: rating keys of the items of a job that failed. `undone`: of those
    that are as they were before we wrote to them, so that their state is forgotten.
    `locked`: fields of which the lock alone was set. `refreshed`: whether Plex was asked to refresh an item. `notes`
    are said once, and nothing is wrong. `given_up`: what is settled instead where the job is not tried again.
    `left`: rating keys of items that showed the scene and do not belong to it any more.
    `missing`: files of a scene that is done, as Stash sees them, that Plex did not have.
    `changes`: what was written, field by field; `begun_at`: when the scene was read (seconds since the epoch).
    """

    job: Job
    error: BaseException | None = None
    changed: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    refreshed: bool = False
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    title: str = ""
    path: str = ""
    files: tuple[str, ...] = ()
    scene_state: SceneState | None = None
    item_states: tuple[ItemState, ...] = ()
    undone: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    tried: tuple[int, ...] = ()
    server_id: str = ""
    given_up: Outcome | None = None
    changes: tuple[Change, ...] = ()
    begun_at: float = 0.0

    @property
    def wrote(self) -> bool:
        """Whether anything was sent that may show in Plex."""
        return bool(self.changed or self.locked or self.refreshed)


@dataclass
class SceneWork:
    """One scene on its way through the stages. `told`: where another scene shows in its place, which is said once.

    `rests_on_assumption`: how Plex shows one of its names was still being tried out by another scene of the batch.
    """

    job: Job
    scene: Scene
    wanted: WantedMetadata
    known: SceneState | None
    picture: Picture
    items: list[ItemSync] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    error: BaseException | None = None
    is_begun: bool = False
    rests_on_assumption: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The scene's files as Stash sees them."""
        return self.scene.files

    @property
    def is_late(self) -> bool:
        """Whether a picture for it did not come from Stash in time."""
        return any(item.images.silences for item in self.items)

    @property
    def changed_in_stash(self) -> bool:
        """Whether Stash may have another picture than the last sync saw."""
        return self.known is None or self.known.stash_updated_at != self.scene.updated_at
