"""Loading a plugin's yml as strictly as Stash v0.30 does (yaml.v2 in strict mode into plugin.Config)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

PYTHON_COMMANDS = ("python", "python3")
INTERFACES = ("raw", "rpc", "js")
SETTING_TYPES = ("STRING", "NUMBER", "BOOLEAN")
HOOK_TRIGGERS = frozenset(
    f"{kind}.{event}.Post"
    for kind in ("SceneMarker", "Scene", "Image", "Gallery", "GalleryChapter", "Movie", "Group")
    for event in ("Create", "Update", "Destroy")
) | frozenset(
    f"{kind}.{event}.Post" for kind in ("Performer", "Studio", "Tag") for event in ("Create", "Update", "Destroy")
) | {"Tag.Merge.Post"}  # fmt: skip


class PluginConfigError(Exception):
    """A yml that Stash would not load; the message says where and why."""


@dataclass(frozen=True)
class Operation:
    """A task, or the part of a hook that is like one."""

    name: str
    description: str
    exec_args: tuple[str, ...]
    default_args: Mapping[str, str]
    triggered_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """One setting of the plugin, as the form shows it."""

    name: str
    type: str
    display_name: str
    description: str


@dataclass(frozen=True)
class PluginUI:
    """What a plugin adds to Stash's own pages; files are relative to the yml.

    Attributes:
        assets: folder by prefix of the path behind /plugin/{id}/assets; "/" is for all other paths.
        csp: sources by directive: script-src, style-src, connect-src.
    """

    javascript: tuple[str, ...] = ()
    css: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    assets: Mapping[str, str] = field(default_factory=dict)
    csp: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def asset_location(self, path: str) -> tuple[str, str] | None:
        """Return the folder of an asset and its path there; None where no prefix fits."""
        prefixes = [prefix for prefix in self.assets if prefix != "/" and path.startswith(prefix)]
        if prefixes:
            return self.assets[prefixes[0]], path[len(prefixes[0]) :]
        return (self.assets["/"], path) if "/" in self.assets else None


@dataclass(frozen=True)
class PluginConfig:
    """One plugin: `id` is the name of its yml, `path` where that lies, `command` its exec."""

    id: str
    path: str
    name: str
    description: str
    url: str
    version: str
    command: tuple[str, ...]
    interface: str
    error_level: str
    tasks: tuple[Operation, ...]
    hooks: tuple[Operation, ...]
    settings: tuple[Setting, ...]
    ui: PluginUI
    enabled: bool = field(default=True)

    @property
    def folder(self) -> str:
        """The folder of the yml, which {pluginDir} stands for."""
        return os.path.dirname(self.path)

    def task(self, name: str) -> Operation | None:
        """Return the task of this name."""
        return next((task for task in self.tasks if task.name == name), None)

    def hooks_of(self, trigger: str) -> tuple[Operation, ...]:
        """Return the hooks that this event runs, once for each time they name it."""
        return tuple(hook for hook in self.hooks for each in hook.triggered_by if each == trigger)

    def unknown_triggers(self) -> tuple[str, ...]:
        """Return the hooks' event names that Stash never fires. It loads such a plugin without a word."""
        return tuple(each for hook in self.hooks for each in hook.triggered_by if each not in HOOK_TRIGGERS)

    def command_for(self, operation: Operation | None, python: str) -> list[str]:
        """Return the command line of a run, with {pluginDir} and the name of the interpreter filled in."""
        command = [*self.command, *(operation.exec_args if operation else ())]
        if not command:
            raise PluginConfigError("empty exec value")
        program, *arguments = command
        if program in PYTHON_COMMANDS:
            program = python
        elif shutil.which(program) is None:
            program = os.path.join(self.folder, program)
        return [program, *(argument.replace("{pluginDir}", self.folder) for argument in arguments)]


class _UniqueKeyLoader(yaml.BaseLoader):
    """Reads every scalar as text, as a Go string field takes it, and refuses a key that stands there twice."""


def _construct_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise PluginConfigError(f"line {key_node.start_mark.line + 1}: key {key!r} already set in map")
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


def load_plugin(path: str) -> PluginConfig:
    """Load one yml.

    Raises:
        PluginConfigError: where Stash would refuse it.
    """
    with open(path, encoding="utf-8") as stream:
        try:
            document = yaml.load(stream, _UniqueKeyLoader)  # noqa: S506 - a BaseLoader makes nothing but text
        except yaml.YAMLError as error:
            raise PluginConfigError(f"yaml: {error}") from error
    fields = _fields(document, _TOP_KEYS, "plugin.Config")
    interface = fields["interface"] or "raw"
    if interface not in INTERFACES:
        raise PluginConfigError(f"invalid interface type {interface}")
    plugin_id = os.path.splitext(os.path.basename(path))[0]
    return PluginConfig(
        id=plugin_id,
        path=os.path.abspath(path),
        name=fields["name"] or plugin_id,
        description=fields["description"],
        url=fields["url"],
        version=fields["version"],
        command=fields["exec"],
        interface=interface,
        error_level=fields["errLog"],
        tasks=fields["tasks"],
        hooks=fields["hooks"],
        settings=fields["settings"],
        ui=fields["ui"],
    )


Reader = Callable[[Any, str], Any]


def _fields(value: Any, readers: Mapping[str, Reader], type_name: str) -> dict[str, Any]:
    """Read a mapping whose keys must all be known; a missing one reads as an empty value."""
    if value == "" or value is None:
        value = {}
    if not isinstance(value, dict):
        raise PluginConfigError(f"cannot unmarshal {value!r} into {type_name}")
    for key in value:
        if key not in readers:
            raise PluginConfigError(f"field {key} not found in type {type_name}")
    return {key: read(value.get(key, ""), key) for key, read in readers.items()}


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise PluginConfigError(f"{key}: cannot unmarshal {value!r} into string")
    return value


def _list(value: Any, key: str) -> Sequence[Any]:
    if value == "":
        return ()
    if not isinstance(value, list):
        raise PluginConfigError(f"{key}: cannot unmarshal {value!r} into a list")
    return value


def _texts(value: Any, key: str) -> tuple[str, ...]:
    return tuple(_text(each, key) for each in _list(value, key))


def _text_map(value: Any, key: str) -> dict[str, str]:
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise PluginConfigError(f"{key}: cannot unmarshal {value!r} into a map")
    return {_text(name, key): _text(each, key) for name, each in value.items()}


def _operation(value: Any, readers: Mapping[str, Reader], type_name: str) -> Operation:
    fields = _fields(value, readers, type_name)
    return Operation(
        fields["name"],
        fields["description"],
        fields["execArgs"],
        fields["defaultArgs"],
        fields.get("triggeredBy", ()),
    )


def _tasks(value: Any, key: str) -> tuple[Operation, ...]:
    return tuple(_operation(each, _OPERATION_KEYS, "plugin.OperationConfig") for each in _list(value, key))


def _hooks(value: Any, key: str) -> tuple[Operation, ...]:
    readers = {**_OPERATION_KEYS, "triggeredBy": _texts}
    return tuple(_operation(each, readers, "plugin.HookConfig") for each in _list(value, key))


def _settings(value: Any, key: str) -> tuple[Setting, ...]:
    if value == "":
        return ()
    if not isinstance(value, dict):
        raise PluginConfigError(f"{key}: cannot unmarshal {value!r} into a map")
    settings = []
    for name in sorted(value):
        fields = _fields(value[name], _SETTING_KEYS, "plugin.SettingConfig")
        setting_type = fields["type"] or "STRING"
        if setting_type not in SETTING_TYPES:
            raise PluginConfigError(f"invalid type {setting_type} for setting {name}")
        settings.append(Setting(name, setting_type, fields["displayName"], fields["description"]))
    return tuple(settings)


def _csp(value: Any, _key: str) -> dict[str, tuple[str, ...]]:
    return _fields(value, dict.fromkeys(("script-src", "style-src", "connect-src"), _texts), "plugin.PluginCSP")


def _ui(value: Any, _key: str) -> PluginUI:
    return PluginUI(**_fields(value, _UI_KEYS, "plugin.UIConfig"))


_OPERATION_KEYS: Mapping[str, Reader] = {
    "name": _text,
    "description": _text,
    "execArgs": _texts,
    "defaultArgs": _text_map,
}
_UI_KEYS: Mapping[str, Reader] = {
    "javascript": _texts,
    "css": _texts,
    "requires": _texts,
    "assets": _text_map,
    "csp": _csp,
}
_SETTING_KEYS: Mapping[str, Reader] = {"type": _text, "displayName": _text, "description": _text}
_TOP_KEYS: Mapping[str, Reader] = {
    "name": _text,
    "description": _text,
    "url": _text,
    "version": _text,
    "interface": _text,
    "exec": _texts,
    "errLog": _text,
    "tasks": _tasks,
    "hooks": _hooks,
    "ui": _ui,
    "settings": _settings,
}
