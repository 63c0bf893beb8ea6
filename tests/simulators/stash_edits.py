"""Edits of a simulated Stash: what the mutations store, and the hooks that run before they return."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.plugin_runner import Caller, CallerGoneError, PluginRunner
from tests.simulators.stash_graphql import ResolverError
from tests.simulators.stash_library import Library, Scene, StashID

TEXT_FIELDS = ("title", "code", "details", "director")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
DATA_URL = re.compile(r"data:.+/.+;base64,(.*)", re.DOTALL)

Input = Mapping[str, Any]


@dataclass
class Save:
    """One save as its user saw it: for how many seconds it kept them waiting, and whether it came to its end.

    What it stored stays stored even where it did not: only hooks are lost when a browser is closed.
    """

    name: str
    ids: tuple[int, ...]
    seconds: float = 0.0
    completed: bool = False


@dataclass
class Editor:
    """Carries out mutations. Inputs are coerced already: they hold the fields that were sent, and no others.

    Attributes:
        input_fields: gives the names of all fields of an input type.
        saves: what has been saved, oldest first.
    """

    library: Library
    plugins: PluginRunner
    input_fields: Callable[[str], Sequence[str]]
    saves: list[Save] = field(default_factory=list)

    # --- scenes

    def scene_create(self, caller: Caller, create_input: Input) -> Save:
        """Make a scene, as a program does that knows one. Scene.Create.Post runs, and no other hook."""
        with self.library.lock:
            if not (create_input.get("title") or "").strip() and not create_input.get("file_ids"):
                raise ResolverError("title must be set if scene has no files")
            scene = self.library.add_scene(cover=None)
            for file_id in create_input.get("file_ids") or ():
                self.library.assign_file(int_id(file_id), scene.id)
            self._store(scene.id, create_input)
        whole = self.whole("SceneCreateInput", create_input)
        with self.saving("sceneCreate", scene.id) as save:
            self.plugins.run_hooks(caller, scene.id, "Scene.Create.Post", whole, tuple(create_input))
        return save

    def scene_assign_file(self, assign_input: Input) -> Save:
        """Move a file to another scene: no hook runs and no scene's updated_at moves."""
        scene_id = int_id(assign_input["scene_id"])
        self.library.assign_file(int_id(assign_input["file_id"]), scene_id)
        with self.saving("sceneAssignFile", scene_id) as save:
            return save

    def scene_update(self, caller: Caller, scene_input: Input) -> Save:
        """Save one scene. Its hook gets the whole input struct, null where nothing was sent."""
        scene_id = int_id(scene_input["id"])
        self._store(scene_id, scene_input)
        whole = self.whole("SceneUpdateInput", scene_input)
        with self.saving("sceneUpdate", scene_id) as save:
            self._run_update_hook(caller, scene_id, whole, scene_input)
        return save

    def scenes_update(self, caller: Caller, scene_inputs: Sequence[Input]) -> Save:
        """Save several scenes. Each hook gets the list of all inputs, and the fields sent for its own scene."""
        ids = tuple(int_id(each["id"]) for each in scene_inputs)
        with self.library.lock:
            self._require_scenes(ids)
            for scene_id, scene_input in zip(ids, scene_inputs, strict=True):
                self._store(scene_id, scene_input)
        whole = [self.whole("SceneUpdateInput", each) for each in scene_inputs]
        with self.saving("scenesUpdate", *ids) as save:
            for scene_id, scene_input in zip(ids, scene_inputs, strict=True):
                self._run_update_hook(caller, scene_id, whole, scene_input)
        return save

    def bulk_scene_update(self, caller: Caller, bulk_input: Input) -> Save:
        """Save the same for many scenes, all in one go, then run their hooks one scene after the other."""
        ids = tuple(int_id(each) for each in bulk_input.get("ids") or ())
        with self.library.lock:
            self._require_scenes(ids)
            for scene_id in ids:
                scene = self.library.scene(scene_id)
                self._store(scene_id, {**bulk_input, **_bulk_values(scene, bulk_input)})
        sent = {name: value for name, value in bulk_input.items() if value is not None}
        with self.saving("bulkSceneUpdate", *ids) as save:
            for scene_id in ids:
                self._run_update_hook(caller, scene_id, sent, bulk_input)
        return save

    def scene_destroy(self, caller: Caller, destroy_input: Input) -> Save:
        """Remove a scene."""
        scene = self.library.remove_scene(int_id(destroy_input["id"]))
        hook_input = {
            "id": str(scene.id),
            "delete_file": destroy_input.get("delete_file"),
            "delete_generated": destroy_input.get("delete_generated"),
            "checksum": "",
            "oshash": "",
            "path": scene.files[0].path if scene.files else "",
        }
        with self.saving("sceneDestroy", scene.id) as save:
            self.plugins.run_hooks(caller, scene.id, "Scene.Destroy.Post", hook_input, ())
        return save

    def scan_hook(self, caller: Caller, scene_id: int, trigger: str) -> Save:
        """Run the hooks of a scene that a file scan made or changed: input is null, inputFields is left out."""
        with self.saving("scan", scene_id) as save:
            self.plugins.run_hooks(caller, scene_id, trigger, None, ())
        return save

    def store_without_hook(self, scene_id: int, scene_input: Input) -> Scene:
        """Save a scene as Auto Tag, a merge or a killed bulk edit does: nobody hears of it."""
        return self._store(scene_id, scene_input)

    # --- parts

    @contextmanager
    def saving(self, name: str, *ids: int) -> Iterator[Save]:
        """Keep a record of a save; what runs inside is what its user waits for, unless they leave."""
        save = Save(name, ids)
        started = time.monotonic()
        try:
            yield save
            save.completed = True
        except CallerGoneError:
            save.completed = False
        finally:
            save.seconds = time.monotonic() - started
            self.saves.append(save)

    def _run_update_hook(self, caller: Caller, scene_id: int, hook_input: Any, sent: Input) -> None:
        self.plugins.run_hooks(caller, scene_id, "Scene.Update.Post", hook_input, tuple(sent))

    def whole(self, type_name: str, sent: Input) -> dict[str, Any]:
        """Return an input as Go makes JSON of its struct: null for every field that was not sent."""
        return {name: sent.get(name) for name in self.input_fields(type_name)}

    def _require_scenes(self, ids: Iterable[int]) -> None:
        """Raise before anything is stored, since a transaction is stored whole or not at all."""
        for scene_id in ids:
            self.library.scene(scene_id)

    def _store(self, scene_id: int, sent: Input) -> Scene:
        with self.library.lock:
            scene = self.library.scene(scene_id)
            return self.library.change_scene(scene_id, **self._changes(scene, sent))

    def _changes(self, scene: Scene, sent: Input) -> dict[str, Any]:
        """Translate the fields that were sent into those of a stored scene."""
        changes: dict[str, Any] = {name: (sent[name] or "").strip() for name in TEXT_FIELDS if name in sent}
        if changes.get("title") == "" and not scene.files:
            raise ResolverError("title must be set if scene has no files")
        for name, empty in (("rating100", None), ("organized", False), ("play_duration", 0.0)):
            if name in sent:
                changes[name] = empty if sent[name] is None else sent[name]
        if "date" in sent:
            changes["date"] = _date(sent["date"])
        if "urls" in sent or "url" in sent:
            urls = sent["urls"] if "urls" in sent else [sent["url"]]
            changes["urls"] = tuple(url.strip() for url in urls or () if url)
        if "stash_ids" in sent:
            changes["stash_ids"] = self._stash_ids(sent["stash_ids"] or ())
        if sent.get("cover_image"):
            changes["cover"] = decode_image(sent["cover_image"])
        return {**changes, **self._relations(sent)}

    def _relations(self, sent: Input) -> dict[str, Any]:
        library = self.library
        changes: dict[str, Any] = {}
        if "studio_id" in sent:
            studio_id = sent["studio_id"]
            changes["studio_id"] = None if studio_id is None else library.studios.require_all([int_id(studio_id)])[0]
        for name, table in (("performer_ids", library.performers), ("tag_ids", library.tags)):
            if name in sent:
                changes[name] = table.require_all(int_id(each) for each in sent[name] or ())
        for name, key in (("movies", "movie_id"), ("groups", "group_id")):
            if name in sent:
                changes["group_ids"] = library.groups.require_all(int_id(each[key]) for each in sent[name] or ())
        if "group_ids" in sent:  # of a bulk edit
            changes["group_ids"] = library.groups.require_all(int_id(each) for each in sent["group_ids"] or ())
        return changes

    def _stash_ids(self, sent: Iterable[Input]) -> tuple[StashID, ...]:
        now = self.library.clock.text()
        ids = (StashID(each["endpoint"], each["stash_id"], each.get("updated_at") or now) for each in sent)
        return tuple({(each.endpoint, each.stash_id): each for each in ids}.values())


def _bulk_values(scene: Scene, bulk_input: Input) -> dict[str, Any]:
    """Turn the {ids, mode} of a bulk edit into the values that this scene gets."""
    present: Mapping[str, Sequence[Any]] = {
        "performer_ids": scene.performer_ids,
        "tag_ids": scene.tag_ids,
        "group_ids": scene.group_ids,
        "urls": scene.urls,
    }
    values: dict[str, Any] = {}
    for name, old in present.items():
        change = bulk_input.get(name)
        if change is None:
            values.update({name: old} if name in bulk_input else {})
            continue
        given = change.get("values") if name == "urls" else [int_id(each) for each in change.get("ids") or ()]
        values[name] = _MODES[change["mode"]](tuple(old), tuple(given or ()))
    return values


_MODES: Mapping[str, Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]] = {
    "SET": lambda _old, given: given,
    "ADD": lambda old, given: tuple(dict.fromkeys((*old, *given))),
    "REMOVE": lambda old, given: tuple(each for each in old if each not in given),
}


def int_id(value: Any) -> int:
    """Return an id as a number; raises ResolverError where it is none."""
    try:
        return int(value)
    except ValueError as error:
        raise ResolverError(f'converting id: strconv.Atoi: parsing "{value}": invalid syntax') from error


def _date(value: str | None) -> str | None:
    if not value:
        return None
    if not DATE.fullmatch(value):
        raise ResolverError(f'converting date: failed to parse date "{value}"')
    return value


def decode_image(value: str) -> bytes:
    """Return the bytes of an image that was sent as a data URL; raises ResolverError for anything else."""
    match = DATA_URL.fullmatch(value)
    if match is None:
        raise ResolverError("processing image: only data URLs are simulated")
    try:
        return base64.b64decode(match[1], validate=True)
    except binascii.Error as error:
        raise ResolverError(f"processing image: {error}") from error
