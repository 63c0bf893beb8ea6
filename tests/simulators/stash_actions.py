"""What a user of the simulated Stash does: each action has a method, and runs the hooks that Stash runs for it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.simulators.plugin_runner import Caller, PluginRunner
from tests.simulators.stash_edits import Editor, Save
from tests.simulators.stash_graphql import GraphQLEndpoint
from tests.simulators.stash_jobs import Job
from tests.simulators.stash_library import Library, NameTable, Scene
from tests.simulators.stash_named import NamedEditor
from tests.simulators.stash_resolvers import BREAKABLE_FIELDS, Resolvers
from tests.simulators.stash_sessions import Session

USER = "admin"


class StashActions:
    """The part of `StashSimulator` that stands for its users; that class sets the attributes."""

    library: Library
    plugins: PluginRunner
    password: bool
    _editor: Editor
    _named: NamedEditor
    _resolvers: Resolvers
    _graphql: GraphQLEndpoint
    _callers: set[Caller]
    _lock: threading.Lock

    # --- scenes

    def save_scene(self, scene_id: int, **fields: Any) -> Save:
        """Save one scene and wait for its hooks. `fields` are those of SceneUpdateInput; others raise GraphQLError."""
        scene_input = self._coerced("SceneUpdateInput", {"id": scene_id, **fields})
        with self._calling(self._user_session()) as caller:
            return self._editor.scene_update(caller, scene_input)

    def save_scenes(self, inputs: Iterable[Mapping[str, Any]]) -> Save:
        """Save several scenes at once (scenesUpdate); each input has an `id`."""
        scene_inputs = [self._coerced("SceneUpdateInput", each) for each in inputs]
        with self._calling(self._user_session()) as caller:
            return self._editor.scenes_update(caller, scene_inputs)

    def bulk_save(self, scene_ids: Iterable[int], **fields: Any) -> Save:
        """Save the same for many scenes (bulkSceneUpdate); lists are {"ids": [...], "mode": "ADD"}."""
        bulk_input = self._coerced("BulkSceneUpdateInput", {"ids": list(scene_ids), **fields})
        with self._calling(self._user_session()) as caller:
            return self._editor.bulk_scene_update(caller, bulk_input)

    def save_without_hook(self, scene_id: int, **fields: Any) -> Scene:
        """Save a scene in a way that runs no hook: Auto Tag, a merge, a bulk edit whose browser was closed."""
        scene_input = self._coerced("SceneUpdateInput", {"id": scene_id, **fields})
        return self._editor.store_without_hook(scene_id, scene_input)

    def destroy_scene(self, scene_id: int) -> Save:
        """Delete a scene."""
        with self._calling(self._user_session()) as caller:
            return self._editor.scene_destroy(caller, {"id": scene_id})

    def scan_scene(self, *paths: str, **fields: Any) -> Save:
        """Add a scene as a file scan does, with Scene.Create.Post."""
        scene = self.library.add_scene(*paths, **fields)
        with self._calling(self._user_session()) as caller:
            return self._editor.scan_hook(caller, scene.id, "Scene.Create.Post")

    def rescan_scene(self, scene_id: int, *new_paths: str) -> Save:
        """Scan a scene's files again, with Scene.Update.Post; a moved or added file has a new path."""
        if new_paths:
            self.library.change_scene(scene_id, files=self.library.make_files(new_paths))
        with self._calling(self._user_session()) as caller:
            return self._editor.scan_hook(caller, scene_id, "Scene.Update.Post")

    def create_scene(self, **fields: Any) -> Save:
        """Make a scene as a program does (sceneCreate); its id is that of the Save. Scene.Create.Post runs alone."""
        create_input = self._coerced("SceneCreateInput", fields)
        with self._calling(self._user_session()) as caller:
            return self._editor.scene_create(caller, create_input)

    def assign_file(self, scene_id: int, file_id: int) -> Save:
        """Move a file to another scene (sceneAssignFile): no hook runs, and no updated_at moves."""
        return self._editor.scene_assign_file({"scene_id": scene_id, "file_id": file_id})

    def break_scene(self, scene_id: int, field: str = "files") -> None:
        """Make Stash answer errors for this scene wherever the field is selected, until repair_scene()."""
        if field not in BREAKABLE_FIELDS:
            raise ValueError(f"{field} is none of {', '.join(BREAKABLE_FIELDS)}")
        self.library.unresolvable[scene_id] = field

    def repair_scene(self, scene_id: int) -> None:
        """Let Stash answer for this scene again."""
        del self.library.unresolvable[scene_id]

    # --- what scenes carry

    def update_performer(self, performer_id: int, **fields: Any) -> Save:
        """Save a performer. `fields` are those of PerformerUpdateInput (name, tag_ids, image ...)."""
        return self._update(self.library.performers, performer_id, **fields)

    def update_studio(self, studio_id: int, **fields: Any) -> Save:
        """Save a studio. `fields` are those of StudioUpdateInput (name, parent_id ...)."""
        return self._update(self.library.studios, studio_id, **fields)

    def update_tag(self, tag_id: int, **fields: Any) -> Save:
        """Save a tag. `fields` are those of TagUpdateInput (name, parent_ids, child_ids ...)."""
        return self._update(self.library.tags, tag_id, **fields)

    def update_group(self, group_id: int, **fields: Any) -> Save:
        """Save a group. `fields` are those of GroupUpdateInput. Group.Update.Post and Movie.Update.Post run."""
        return self._update(self.library.groups, group_id, **fields)

    def rename_performer(self, performer_id: int, name: str) -> Save:
        """Rename a performer."""
        return self.update_performer(performer_id, name=name)

    def rename_studio(self, studio_id: int, name: str) -> Save:
        """Rename a studio."""
        return self.update_studio(studio_id, name=name)

    def rename_tag(self, tag_id: int, name: str) -> Save:
        """Rename a tag."""
        return self.update_tag(tag_id, name=name)

    def destroy_performers(self, *ids: int) -> Save:
        """Delete performers: Performer.Destroy.Post runs for each, and no scene's updated_at moves."""
        return self._destroy(self.library.performers, ids)

    def destroy_studios(self, *ids: int) -> Save:
        """Delete studios, likewise."""
        return self._destroy(self.library.studios, ids)

    def destroy_tags(self, *ids: int) -> Save:
        """Delete tags, likewise."""
        return self._destroy(self.library.tags, ids)

    def destroy_groups(self, *ids: int) -> Save:
        """Delete groups, likewise; Movie.Destroy.Post runs beside Group.Destroy.Post."""
        return self._destroy(self.library.groups, ids)

    def merge_tags(self, sources: Iterable[int], destination: int) -> Save:
        """Merge tags into another."""
        merge_input = self._coerced("TagsMergeInput", {"source": list(sources), "destination": destination})
        with self._calling(self._user_session()) as caller:
            return self._named.merge_tags(caller, merge_input)

    def merge_performers(self, sources: Iterable[int], destination: int) -> Save:
        """Merge performers into another: no hook runs, and no updated_at moves."""
        return self._named.merge_performers({"source": list(sources), "destination": destination})

    # --- plugins

    def disable_plugin(self, plugin_id: str) -> None:
        """Switch a plugin off: no hooks, operations are errors, its assets answer 400. Its processes live on."""
        self.plugins.disabled.add(plugin_id)

    def enable_plugin(self, plugin_id: str) -> None:
        """Switch a plugin on again."""
        self.plugins.disabled.discard(plugin_id)

    def run_task(self, plugin_id: str, task_name: str | None = None, **args: Any) -> Job:
        """Press a task's button: queue it. Its `ended` event says when it is over."""
        arguments = {"plugin_id": plugin_id, "task_name": task_name, "args_map": args}
        return self._resolvers.run_task(Caller(self._user_session()), arguments)

    def run_operation(self, plugin_id: str, **args: Any) -> Any:
        """Run a plugin at once and return its output; its error is raised as a ResolverError."""
        with self._calling(self._user_session()) as caller:
            return self._resolvers.run_operation(caller, {"plugin_id": plugin_id, "args": args})

    def kill_running_hooks(self) -> int:
        """Close every browser that waits for a plugin: it is killed, further hooks never run. Returns how many."""
        with self._lock:
            waiting = [caller for caller in self._callers if caller.is_waiting]
        for caller in waiting:
            caller.leave()
        return len(waiting)

    # --- parts

    def _user_session(self) -> Session:
        return Session(USER if self.password else "")

    @contextmanager
    def _calling(self, session: Session) -> Iterator[Caller]:
        caller = Caller(session)
        with self._lock:
            self._callers.add(caller)
        try:
            yield caller
        finally:
            with self._lock:
                self._callers.discard(caller)

    def _coerced(self, type_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return self._graphql.coerce_input(type_name, value)

    def _destroy(self, table: NameTable, ids: Sequence[int]) -> Save:
        hook_input = {"id": str(ids[0])} if len(ids) == 1 else [str(row_id) for row_id in ids]
        with self._calling(self._user_session()) as caller:
            return self._named.destroy(caller, table, ids, hook_input)

    def _update(self, table: NameTable, row_id: int, **fields: Any) -> Save:
        type_name = f"{table.kind.capitalize()}UpdateInput"
        with self._calling(self._user_session()) as caller:
            return self._named.update(caller, table, self._coerced(type_name, {"id": row_id, **fields}))
