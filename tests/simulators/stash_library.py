"""What a simulated Stash holds: scenes, performers, studios, tags, library roots, plugin settings."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from tests.simulators.pictures import jpeg
from tests.simulators.stash_graphql import ResolverError

NANOSECONDS_PER_SECOND = 1_000_000_000


@dataclass
class StashClock:
    """Stash's idea of the time; every attribute may be changed at run time.

    Attributes:
        now: the time in seconds since the epoch.
        utc_offset: of Stash's own time zone, in which it stores times, as text.
        fraction_digits: decimals of stored seconds. Stash v0.30 stores scenes' times without any
            (sqlite.TimestampFormat is RFC 3339), so two edits within a second share their updated_at;
            9 gives the nanoseconds of times that never went through its database.
    """

    now: Callable[[], float]
    utc_offset: timedelta = timedelta(0)
    fraction_digits: int = 0

    def text(self, moment: float | None = None) -> str:
        """Return a moment (seconds since the epoch, None is now) as Stash stores it, in RFC 3339."""
        seconds = self.now() if moment is None else moment
        whole = math.floor(seconds)
        zone = timezone(self.utc_offset)
        text = datetime.fromtimestamp(whole, zone).strftime("%Y-%m-%dT%H:%M:%S")
        if self.fraction_digits:
            nanoseconds = int((seconds - whole) * NANOSECONDS_PER_SECOND)
            text += "." + f"{nanoseconds:09d}"[: self.fraction_digits]
        return text + _offset_text(self.utc_offset)


def _offset_text(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    if not minutes:
        return "Z"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def unix_seconds(text: str) -> int:
    """Return the whole seconds since the epoch of a stored time."""
    zone = text[19:].lstrip(".0123456789").replace("Z", "+0000").replace(":", "")
    return int(datetime.strptime(text[:19] + zone, "%Y-%m-%dT%H:%M:%S%z").timestamp())


@dataclass(frozen=True)
class VideoFile:
    """One file of a scene. `size` is in bytes, `duration` in seconds."""

    id: int
    path: str
    created_at: str
    updated_at: str
    size: int = 1_000_000
    duration: float = 600.0
    width: int = 1920
    height: int = 1080

    @property
    def basename(self) -> str:
        """The file's name, whichever separator its path has."""
        return self.path.replace("\\", "/").rpartition("/")[2]


@dataclass(frozen=True)
class StashID:
    """A scene's id in a stash-box."""

    endpoint: str
    stash_id: str
    updated_at: str


@dataclass(frozen=True)
class Named:
    """A performer, studio, tag or group; a studio has one parent at most, and `image` None is a placeholder."""

    id: int
    name: str
    created_at: str
    updated_at: str
    disambiguation: str = ""
    parent_ids: tuple[int, ...] = ()
    tag_ids: tuple[int, ...] = ()
    image: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Scene:
    """A scene; times are stored text. `cover` None means that Stash shows its own placeholder, an SVG."""

    id: int
    created_at: str
    updated_at: str
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    date: str | None = None
    rating100: int | None = None
    organized: bool = False
    studio_id: int | None = None
    performer_ids: tuple[int, ...] = ()
    tag_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    urls: tuple[str, ...] = ()
    stash_ids: tuple[StashID, ...] = ()
    files: tuple[VideoFile, ...] = ()
    resume_time: float = 0.0
    play_duration: float = 0.0
    play_history: tuple[str, ...] = ()
    o_history: tuple[str, ...] = ()
    cover: bytes | None = field(default=None, repr=False)


class NameTable:
    """The performers, studios, tags or groups of a library, by id."""

    def __init__(self, kind: str, clock: StashClock) -> None:
        self.kind = kind
        self.rows: dict[int, Named] = {}
        self._clock = clock
        self._last_id = 0
        self._ids_by_name: dict[str, int] = {}

    def find_or_add(self, name: str) -> int:
        """Return the id of the entry of this name, made now if there is none."""
        row = self.rows.get(self._ids_by_name.get(name, 0))
        return self.add(name) if row is None or row.name != name else row.id

    def add(self, name: str) -> int:
        """Make an entry and return its id."""
        self._last_id += 1
        now = self._clock.text()
        self._ids_by_name[name] = self._last_id
        self.rows[self._last_id] = Named(self._last_id, name, now, now)
        return self._last_id

    def update(self, row_id: int, name: str | None = None, **changes: object) -> Named:
        """Store an edit of an entry, with a new name if given; raises ResolverError where there is none.

        Args:
            changes: further fields of `Named`.
        """
        old = self.require(row_id)
        changes.setdefault("updated_at", self._clock.text())
        row = replace(old, name=old.name if name is None else name, **changes)  # type: ignore[arg-type]
        self._ids_by_name[row.name] = row_id
        self.rows[row_id] = row
        return row

    def family(self, row_id: int, depth: int) -> set[int]:
        """Return an entry and those below it: `depth` generations of them, all of them where it is below 0."""
        found = generation = {row_id}
        while generation and depth:
            generation = {row.id for row in self.rows.values() if generation.intersection(row.parent_ids)} - found
            found = found | generation
            depth -= 1
        return found

    def require(self, row_id: int) -> Named:
        """Return an entry; raises ResolverError where there is none, in Stash's words."""
        row = self.rows.get(row_id)
        if row is None:
            raise ResolverError(f"{self.kind} with id {row_id} not found")
        return row

    def require_all(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Return ids that all exist; the database's own complaint is raised as a ResolverError otherwise."""
        wanted = tuple(dict.fromkeys(ids))
        if any(row_id not in self.rows for row_id in wanted):
            raise ResolverError("FOREIGN KEY constraint failed")
        return wanted


class Library:
    """The content of one Stash. Scenes are frozen and replaced whole, so readers need no lock.

    Attributes:
        unresolvable: scenes that Stash cannot answer for, each with the field that fails (see BREAKABLE_FIELDS of
            `stash_resolvers`): a query that selects it for the scene gets GraphQL errors.
        unresolvable_is_fatal: whether such an error makes the whole data null, or what GraphQL says: the scene's own
            alias of findScene, and the whole data of findScenes, which may not be null.
    """

    def __init__(self, clock: StashClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.scenes: dict[int, Scene] = {}
        self.performers = NameTable("performer", clock)
        self.studios = NameTable("studio", clock)
        self.tags = NameTable("tag", clock)
        self.groups = NameTable("group", clock)
        self.roots: list[str] = []
        self.unresolvable: dict[int, str] = {}
        self.unresolvable_is_fatal = False
        self.plugin_settings: dict[str, dict[str, object]] = {}
        self._last_scene_id = 0
        self._last_file_id = 0

    def add_scene(
        self,
        *paths: str,
        scene_id: int | None = None,
        studio: str = "",
        performers: Sequence[str] = (),
        tags: Sequence[str] = (),
        groups: Sequence[str] = (),
        **fields: object,
    ) -> Scene:
        """Put a scene into the library without running any hook.

        Args:
            paths: of its files; none makes a scene without files.
            scene_id: None for the next free one.
            studio, performers, tags, groups: by name, made where they do not exist.
            fields: further fields of `Scene`; without `cover` the scene gets a picture of its own.
        """
        with self.lock:
            self._last_scene_id = scene_id = scene_id or self._last_scene_id + 1
            now = self.clock.text()
            fields.setdefault("cover", jpeg(f"scene {scene_id}"))
            scene = Scene(
                id=scene_id,
                created_at=now,
                updated_at=now,
                studio_id=self.studios.find_or_add(studio) if studio else None,
                performer_ids=tuple(self.performers.find_or_add(name) for name in performers),
                tag_ids=tuple(self.tags.find_or_add(name) for name in tags),
                group_ids=tuple(self.groups.find_or_add(name) for name in groups),
                files=self.make_files(paths),
            )
            self.scenes[scene_id] = replace(scene, **fields)  # type: ignore[arg-type]
            return self.scenes[scene_id]

    def make_files(self, paths: Iterable[str]) -> tuple[VideoFile, ...]:
        """Return new files at these paths."""
        now = self.clock.text()
        files = []
        for path in paths:
            self._last_file_id += 1
            files.append(VideoFile(self._last_file_id, os.fspath(path), now, now))
        return tuple(files)

    def scene(self, scene_id: int) -> Scene:
        """Return a scene; raises ResolverError where there is none, in Stash's words."""
        scene = self.scenes.get(scene_id)
        if scene is None:
            raise ResolverError(f"scene with id {scene_id} not found")
        return scene

    def change_scene(self, scene_id: int, **changes: object) -> Scene:
        """Store changes of a scene's fields, with updated_at now unless it is among them."""
        with self.lock:
            changes.setdefault("updated_at", self.clock.text())
            scene = replace(self.scene(scene_id), **changes)  # type: ignore[arg-type]
            self.scenes[scene_id] = scene
            return scene

    def remove_scene(self, scene_id: int) -> Scene:
        """Forget a scene and return what it was."""
        with self.lock:
            scene = self.scene(scene_id)
            del self.scenes[scene_id]
            return scene

    def assign_file(self, file_id: int, scene_id: int) -> None:
        """Move a file to another scene. As in Stash, no scene's updated_at moves.

        Raises:
            ResolverError: where there is no such file or scene.
        """
        with self.lock:
            target = self.scene(scene_id)
            found = (scene for scene in self.scenes.values() if any(file.id == file_id for file in scene.files))
            source = next(found, None)
            if source is None:
                raise ResolverError(f"file with id {file_id} not found")
            moved = tuple(file for file in source.files if file.id == file_id)
            self.scenes[source.id] = replace(source, files=tuple(file for file in source.files if file.id != file_id))
            if source.id != target.id:
                self.scenes[target.id] = replace(target, files=target.files + moved)

    def table(self, kind: str) -> NameTable:
        """Return the table of performers, studios, tags or groups; `kind` is in the singular."""
        return {table.kind: table for table in (self.performers, self.studios, self.tags, self.groups)}[kind]

    def merge(self, table: NameTable, sources: Iterable[int], destination: int) -> None:
        """Put one entry in the place of others. As in Stash, no scene's updated_at moves."""
        with self.lock:
            gone = {table.require(source).id for source in sources} - {table.require(destination).id}
            self._replace_in_scenes(table, gone, (destination,))
            for row_id in gone:
                del table.rows[row_id]

    def destroy(self, table: NameTable, row_id: int) -> None:
        """Delete an entry, also from all scenes. As in Stash, no scene's updated_at moves."""
        with self.lock:
            self._replace_in_scenes(table, {table.require(row_id).id}, ())
            del table.rows[row_id]

    def _replace_in_scenes(self, table: NameTable, gone: set[int], by: tuple[int, ...]) -> None:
        for scene in tuple(self.scenes.values()):
            if table is self.studios:
                if scene.studio_id in gone:
                    self.scenes[scene.id] = replace(scene, studio_id=next(iter(by), None))
                continue
            name = f"{table.kind}_ids"
            before: tuple[int, ...] = getattr(scene, name)
            if gone.intersection(before):
                ids = [row_id for each in before for row_id in (by if each in gone else (each,))]
                self.scenes[scene.id] = replace(scene, **{name: tuple(dict.fromkeys(ids))})  # type: ignore[arg-type]
