"""The fields of the simulated schema: how each gets its value."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

from tests.simulators.plugin_config import PluginConfig, PluginConfigError
from tests.simulators.plugin_runner import Caller, CallerGoneError, PluginRunner
from tests.simulators.stash_edits import Editor, Save
from tests.simulators.stash_graphql import Resolver, ResolverError
from tests.simulators.stash_jobs import Job, JobQueue
from tests.simulators.stash_library import Library, Scene, unix_seconds
from tests.simulators.stash_named_resolvers import Arguments, Context, NamedResolvers, id_list, rows
from tests.simulators.stash_queries import find_scenes

VERSION = "v0.30.1"
DATABASE_SCHEMA = 75
BREAKABLE_FIELDS = ("id", "files", "paths", "performers", "tags")
"""Fields of a scene that may not be null and whose failing can be simulated; see `Library.unresolvable`."""


@dataclass(frozen=True)
class Resolvers:
    """Reads and changes the parts of one Stash on behalf of GraphQL."""

    library: Library
    plugins: PluginRunner
    jobs: JobQueue
    editor: Editor
    named: NamedResolvers
    api_key: Callable[[], str]
    max_session_age: Callable[[], int]

    def table(self) -> Mapping[str, Mapping[str, Resolver]]:
        """Return the resolvers by type and field."""
        return {
            "Query": {**self._scene_queries(), **self.named.queries(), **self._server_queries()},
            "Mutation": {**self._scene_mutations(), **self.named.mutations(), **self._server_mutations()},
            "Scene": self._scene_fields(),
            **self.named.fields(),
            "ConfigResult": {"plugins": self._plugin_settings},
            "Plugin": {
                "requires": lambda _context, plugin, _arguments: plugin.ui.requires or None,
                "paths": _plugin_paths,
                "hooks": lambda _context, plugin, _arguments: [
                    SimpleNamespace(name=hook.name, description=hook.description, hooks=hook.triggered_by)
                    for hook in plugin.hooks
                ],
                "enabled": lambda _context, plugin, _arguments: plugin.id not in self.plugins.disabled,
            },
        }

    # --- queries

    def _scene_queries(self) -> Mapping[str, Resolver]:
        return {
            "findScene": lambda _context, _source, arguments: self._find_scene(arguments),
            "findScenes": lambda _context, _source, arguments: self._find_scenes(arguments),
        }

    def _find_scene(self, arguments: Arguments) -> Scene | None:
        scene_id = arguments.get("id")
        return None if scene_id is None else self.library.scenes.get(id_list([scene_id])[0])

    def _find_scenes(self, arguments: Arguments) -> SimpleNamespace:
        """Find by ids, else by filter. Of ids each must exist and stand there once; a filter beside them is ignored."""
        ids = id_list(arguments.get("ids") or arguments.get("scene_ids") or ())
        if ids:
            scenes = [self.library.scene(scene_id) for scene_id in ids]
            count = len(scenes)
        else:
            count, scenes = find_scenes(self.library, arguments.get("scene_filter"), arguments.get("filter"))
        return SimpleNamespace(
            count=count,
            scenes=scenes,
            duration=sum(scene.files[0].duration for scene in scenes if scene.files),
            filesize=float(sum(scene.files[0].size for scene in scenes if scene.files)),
        )

    def _server_queries(self) -> Mapping[str, Resolver]:
        return {
            "plugins": lambda _context, _source, _arguments: list(self.plugins.plugins) or None,
            "configuration": lambda _context, _source, _arguments: SimpleNamespace(general=self._general()),
            "systemStatus": lambda _context, _source, _arguments: _system_status(),
            "version": lambda _context, _source, _arguments: SimpleNamespace(
                version=VERSION, hash="simulated", build_time="2026-01-01 00:00:00"
            ),
            # Go's nil slice: without jobs the list is null
            "jobQueue": lambda _context, _source, _arguments: self.jobs.waiting() or None,
            "logs": lambda _context, _source, _arguments: self._log_entries(),
            "findJob": lambda _context, _source, arguments: self.jobs.find(int(arguments["input"]["id"])),
        }

    def _log_entries(self) -> list[SimpleNamespace]:
        """The last 30 lines, the newest first (internal/log/logger.go of v0.30)."""
        return [
            SimpleNamespace(
                time=datetime.fromtimestamp(line.at, timezone.utc).isoformat(),
                level=line.level.capitalize(),
                message=f"[Plugin / {line.plugin}] {line.text}" if line.plugin else line.text,
            )
            for line in reversed(self.plugins.logs[-30:])
        ]

    def _general(self) -> SimpleNamespace:
        roots = [SimpleNamespace(path=path, excludeVideo=False, excludeImage=False) for path in self.library.roots]
        return SimpleNamespace(stashes=roots, apiKey=self.api_key(), username="", maxSessionAge=self.max_session_age())

    def _plugin_settings(self, _context: Context, _source: Any, arguments: Arguments) -> dict[str, Any]:
        settings, include = self.library.plugin_settings, arguments.get("include")
        if not include:
            return dict(settings)
        return {plugin_id: settings[plugin_id] for plugin_id in include if settings.get(plugin_id)}

    # --- fields of scenes

    def _scene_fields(self) -> Mapping[str, Resolver]:
        fields = self._scene_readers()
        return {**fields, **{name: self._breakable(name, fields.get(name)) for name in BREAKABLE_FIELDS}}

    def _breakable(self, name: str, read: Resolver | None) -> Resolver:
        """Read a field, unless the scene is one whose field of this name fails."""

        def resolve(context: Context, scene: Scene, arguments: Arguments) -> Any:
            if self.library.unresolvable and self.library.unresolvable.get(scene.id) == name:
                raise ResolverError("file is not a video file", fatal=self.library.unresolvable_is_fatal)
            return getattr(scene, name) if read is None else read(context, scene, arguments)

        return resolve

    def _scene_readers(self) -> Mapping[str, Resolver]:
        library = self.library
        return {
            "url": lambda _context, scene, _arguments: scene.urls[0] if scene.urls else None,
            "studio": lambda _context, scene, _arguments: library.studios.rows.get(scene.studio_id),
            "performers": lambda _context, scene, _arguments: rows(library.performers, scene.performer_ids),
            "tags": lambda _context, scene, _arguments: rows(library.tags, scene.tag_ids),
            "groups": lambda _context, scene, _arguments: [
                SimpleNamespace(group=group, scene_index=None) for group in rows(library.groups, scene.group_ids)
            ],
            "play_count": lambda _context, scene, _arguments: len(scene.play_history),
            "last_played_at": lambda _context, scene, _arguments: max(scene.play_history, default=None),
            "o_counter": lambda _context, scene, _arguments: len(scene.o_history),
            "paths": lambda context, scene, _arguments: self._paths(context, scene),
        }

    def _paths(self, context: Context, scene: Scene) -> SimpleNamespace:
        base = f"{context.base_url}/scene/{scene.id}"
        updated = unix_seconds(scene.updated_at)
        key = f"?apikey={self.api_key()}" if self.api_key() else ""
        return SimpleNamespace(
            screenshot=f"{base}/screenshot?t={updated}",
            preview=f"{base}/preview",
            stream=f"{base}/stream{key}",
            webp=f"{base}/webp",
            vtt=f"{base}_thumbs.vtt",
            sprite=f"{base}_sprite.jpg",
            funscript=f"{base}/funscript",
            interactive_heatmap=f"{base}/interactive_heatmap",
            caption=f"{base}/caption",
        )

    # --- mutations

    def _scene_mutations(self) -> Mapping[str, Resolver]:
        editor = self.editor
        return {
            "sceneCreate": lambda context, _source, arguments: self._saved_scenes(
                editor.scene_create(context.caller, arguments["input"])
            )[0],
            "sceneAssignFile": lambda _context, _source, arguments: bool(editor.scene_assign_file(arguments["input"])),
            "sceneUpdate": lambda context, _source, arguments: self._saved_scenes(
                editor.scene_update(context.caller, arguments["input"])
            )[0],
            "scenesUpdate": lambda context, _source, arguments: self._saved_scenes(
                editor.scenes_update(context.caller, arguments["input"])
            ),
            "bulkSceneUpdate": lambda context, _source, arguments: self._saved_scenes(
                editor.bulk_scene_update(context.caller, arguments["input"])
            ),
            "sceneDestroy": lambda context, _source, arguments: bool(
                editor.scene_destroy(context.caller, arguments["input"])
            ),
        }

    def _saved_scenes(self, save: Save) -> list[Scene]:
        """Read the scenes again: Stash does so after the hooks, which may have changed them."""
        if not save.completed:
            raise ResolverError("context canceled")
        return [self.library.scene(scene_id) for scene_id in save.ids]

    def _server_mutations(self) -> Mapping[str, Resolver]:
        return {
            "configurePlugin": lambda _context, _source, arguments: self._configure(arguments),
            "runPluginTask": lambda context, _source, arguments: self.run_task(context.caller, arguments).id,
            "runPluginOperation": lambda context, _source, arguments: self.run_operation(context.caller, arguments),
            "setPluginsEnabled": lambda _context, _source, arguments: self._enable_plugins(arguments["enabledMap"]),
            "reloadPlugins": lambda _context, _source, _arguments: self._reload_plugins(),
            "stopJob": lambda _context, _source, arguments: self._stop_job(int(arguments["job_id"])),
            "stopAllJobs": lambda _context, _source, _arguments: self._stop_all_jobs(),
        }

    def _enable_plugins(self, enabled: Mapping[str, bool]) -> bool:
        self.plugins.disabled.difference_update(name for name, wanted in enabled.items() if wanted)
        self.plugins.disabled.update(name for name, wanted in enabled.items() if not wanted)
        return True

    def _reload_plugins(self) -> bool:
        self.plugins.reload()
        return True

    def _stop_job(self, job_id: int) -> bool:
        self.jobs.stop_job(job_id)
        return True

    def _stop_all_jobs(self) -> bool:
        self.jobs.stop_all()
        return True

    def _configure(self, arguments: Arguments) -> dict[str, Any]:
        settings = dict(arguments["input"])
        self.library.plugin_settings[arguments["plugin_id"]] = settings
        return settings

    def run_task(self, caller: Caller, arguments: Arguments) -> Job:
        """Queue a task of a plugin; whether there is such a task shows when its turn comes."""
        plugin_id, task_name = arguments["plugin_id"], arguments.get("task_name")
        args = arguments.get("args_map")
        args = _args_from_list(arguments.get("args") or ()) if args is None else args
        label = arguments.get("description") or task_name or plugin_id
        return self.jobs.add(
            f"Running plugin task: {label}",
            lambda job: self.plugins.run_task(job, caller.session, plugin_id, task_name, args),
        )

    def run_operation(self, caller: Caller, arguments: Arguments) -> Any:
        """Run a plugin at once and return its output; what it returns as its error is raised."""
        try:
            result = self.plugins.run_operation(caller, arguments["plugin_id"], arguments.get("args") or {})
        except (PluginConfigError, CallerGoneError, OSError) as error:
            raise ResolverError(str(error)) from error
        if result.error is not None:
            raise ResolverError(result.error)
        return result.output


def _plugin_paths(_context: Context, plugin: PluginConfig, _arguments: Arguments) -> SimpleNamespace:
    root = f"/plugin/{plugin.id}"
    return SimpleNamespace(
        javascript=[f"{root}/javascript"] if plugin.ui.javascript else None,
        css=[f"{root}/css"] if plugin.ui.css else None,
    )


def _args_from_list(entries: Iterable[Arguments]) -> dict[str, Any]:
    return {entry["key"]: _arg_value(entry.get("value")) for entry in entries}


def _arg_value(value: Arguments | None) -> Any:
    for kind in ("str", "i", "b", "f"):
        if value and value.get(kind) is not None:
            return value[kind]
    if value and value.get("o") is not None:
        return _args_from_list(value["o"])
    if value and value.get("a") is not None:
        return [_arg_value(each) for each in value["a"]]
    return None


def _system_status() -> SimpleNamespace:
    return SimpleNamespace(
        databaseSchema=DATABASE_SCHEMA,
        databasePath="stash-go.sqlite",
        configPath="config.yml",
        appSchema=DATABASE_SCHEMA,
        status="OK",
        os=sys.platform,
        workingDir=os.getcwd(),
        homeDir="",
    )
