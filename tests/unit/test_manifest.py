"""PlexSync.yml says what the code does, in words that Stash knows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stash.client import PLUGIN_ID
from stash.hook import TRIGGERS
from tests.simulators.plugin_config import PluginConfig, load_plugin
from validation.config import PlexSyncConfig
from worker.tasks.arguments import refuse_unknown
from worker.tasks.registry import MODES
from worker.version import VERSION

PROJECT = Path(__file__).resolve().parents[2]
MANIFEST = PROJECT / "PlexSync.yml"
TOP_KEYS = {"name", "description", "url", "version", "exec", "interface", "errLog", "tasks", "hooks", "ui", "settings"}
OPERATION_KEYS = {"name", "description", "defaultArgs", "execArgs"}
"""Keys that Stash v0.30 knows; it refuses a plugin that has any other."""


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def plugin() -> PluginConfig:
    """The manifest as the simulated Stash loads it."""
    return load_plugin(str(MANIFEST))


def test_only_keys_that_stash_knows(manifest: dict[str, Any]) -> None:
    assert manifest.keys() <= TOP_KEYS
    assert all(task.keys() <= OPERATION_KEYS for task in manifest["tasks"])
    assert all(hook.keys() <= OPERATION_KEYS | {"triggeredBy"} for hook in manifest["hooks"])
    assert all(setting.keys() == {"displayName", "description", "type"} for setting in manifest["settings"].values())


def test_everything_has_a_name_and_a_description(plugin: PluginConfig) -> None:
    assert plugin.description
    assert all(each.name and each.description for each in (*plugin.tasks, *plugin.hooks))
    assert all(setting.display_name and setting.description for setting in plugin.settings)
    names = [task.name for task in plugin.tasks]
    assert len(set(names)) == len(names)


def test_it_is_found_under_its_id(plugin: PluginConfig) -> None:
    assert plugin.id == PLUGIN_ID


def test_the_version_is_the_same_everywhere(manifest: dict[str, Any]) -> None:
    project = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert declared is not None
    assert str(manifest["version"]) == VERSION == declared[1]


def test_the_command_starts_the_entry_script(manifest: dict[str, Any], plugin: PluginConfig) -> None:
    assert manifest["exec"] == ["python3", "-I", "{pluginDir}/PlexSync.py"]
    command = plugin.command_for(None, "/usr/bin/python3")
    assert command == ["/usr/bin/python3", "-I", str(PROJECT / "PlexSync.py")]
    assert plugin.interface == "raw"


# --- tasks and hooks


NEEDS_AN_ARGUMENT = {"undo_scene", "undo_since"}
"""Modes that only an operation can start: a button passes no arguments but its own."""
FOR_THE_PAGE = {
    *("jobs", "discard", "retry_now", "sync_scene", "recent_syncs", "history", "undone", "log", "scene_status"),
    *("pins", "pin", "unpin", "reports", "report", "settings", "libraries", "test_path_map"),
    *("login_start", "login_check", "unlock"),
}
"""Modes that the page in Stash starts, and nobody by hand: docs/operations.md has them."""


def test_every_mode_that_a_button_can_start_has_a_task_and_every_task_a_mode(plugin: PluginConfig) -> None:
    modes = {task.default_args.get("mode") for task in plugin.tasks}
    assert sorted(map(str, modes)) == sorted(MODES.keys() - NEEDS_AN_ARGUMENT - FOR_THE_PAGE)


def test_arguments_are_text(manifest: dict[str, Any]) -> None:
    arguments = [value for task in manifest["tasks"] for value in task["defaultArgs"].values()]
    assert all(isinstance(value, str) for value in arguments)


def test_every_default_argument_is_one_that_its_mode_knows(plugin: PluginConfig) -> None:
    for task in plugin.tasks:
        refuse_unknown(task.default_args, MODES[task.default_args["mode"]].arguments)


def test_the_documented_arguments_are_those_that_the_modes_know() -> None:
    page = (PROJECT / "docs/status.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", page, re.MULTILINE)
    headings = re.findall(r"^### (.+)$", (PROJECT / "docs/operations.md").read_text(encoding="utf-8"), re.MULTILINE)
    rows += [
        row for heading in headings for row in re.findall(r"`(\w+)`(?: {([^}]*)})?", heading) if row[0] in FOR_THE_PAGE
    ]
    documented = {mode: set(re.findall(r"`(\w+)`", arguments)) for mode, arguments in rows if mode in MODES}
    assert documented == {mode: set(MODES[mode].arguments) for mode in MODES}


def test_the_operations_that_are_light_are_named_as_such() -> None:
    page = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^- Light, [^:]+:(.*?)^\n", page, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(\w+)`", listed)) - {"compare"}
    # No operation of the page: its task says so in the log.
    assert named == {mode for mode, action in MODES.items() if action.is_light} - {"save_diagnostics"}


def test_every_hook_that_the_code_knows_is_asked_for_once(plugin: PluginConfig) -> None:
    asked = [trigger for hook in plugin.hooks for trigger in hook.triggered_by]
    assert sorted(asked) == sorted(TRIGGERS)
    assert plugin.unknown_triggers() == ()


# --- settings


def form_type(annotation: Any) -> str:
    """How Stash's form has to show a setting of this type."""
    return {bool: "BOOLEAN", int: "NUMBER", float: "NUMBER"}.get(annotation, "STRING")


def test_every_setting_is_in_the_form_and_nothing_else(plugin: PluginConfig) -> None:
    assert sorted(setting.name for setting in plugin.settings) == sorted(PlexSyncConfig.model_fields)


@pytest.mark.parametrize("name", PlexSyncConfig.model_fields)
def test_a_setting_has_the_right_type(plugin: PluginConfig, name: str) -> None:
    (setting,) = (setting for setting in plugin.settings if setting.name == name)
    assert setting.type == form_type(PlexSyncConfig.model_fields[name].annotation)


def test_every_setting_stands_in_one_group_of_the_page(plugin: PluginConfig) -> None:
    groups = json.loads((PROJECT / "ui/setting_groups.json").read_text(encoding="utf-8"))
    names = [name for group in groups for name in group["settings"]]
    assert sorted(names) == sorted(setting.name for setting in plugin.settings)


def test_switches_are_off_by_default() -> None:
    """Stash's form shows a switch that nobody has touched as off."""
    switches = [field for field in PlexSyncConfig.model_fields.values() if field.annotation is bool]
    assert switches
    assert all(field.default is False for field in switches)


@pytest.mark.parametrize(
    "name", [name for name, field in PlexSyncConfig.model_fields.items() if form_type(field.annotation) == "NUMBER"]
)
def test_a_number_says_its_default(plugin: PluginConfig, name: str) -> None:
    """Stash's form shows a number that nobody has typed as 0."""
    (setting,) = (setting for setting in plugin.settings if setting.name == name)
    assert f"Default {PlexSyncConfig.model_fields[name].default:g}" in setting.description
