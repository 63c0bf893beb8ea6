"""What `settings` answers: the defaults in force, as PlexSync.yml, docs/settings.md and README.md say them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from tests.support.workbench import Workbench
from tests.world import PROJECT
from validation.config import PlexSyncConfig, parse_settings
from worker.tasks.page.settings import show_settings
from worker.tasks.task import Task

UNSET = frozenset({"", "False"})
"""What a text or a switch is where nothing is said of a default."""
DESCRIPTION = re.compile(r"^    description: (.*) \((\w+)\)$", re.MULTILINE)
IN_DESCRIPTION = re.compile(r"Default ([^.]+)\.")
SECTION = re.compile(r"^### (.+)$", re.MULTILINE)
IN_SECTION = re.compile(r"Defaults?:? (empty|`[^`]*`|[\d.]*\d(?: and [\d.]*\d)?)")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    with Workbench(tmp_path_factory.mktemp("settings")) as bench:
        task = Task(bench.folder, Request({}, {}), bench.database, lambda: None, lambda: bench.workplace)
        found: list[dict[str, Any]] = show_settings(task)["settings"]
        return found


def defaults(settings: list[dict[str, Any]]) -> dict[str, str]:
    return {each["name"]: _as_text(each["default"]) for each in settings}


def _as_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def test_a_default_typed_in_is_as_good_as_none(settings: list[dict[str, Any]]) -> None:
    needed = {"plex_url": "http://plex:32400", "plex_token": "T0k3n"}
    typed = {each["name"]: each["default"] for each in settings if each["name"] not in needed}
    assert parse_settings({**typed, **needed}, {}) == PlexSyncConfig.model_validate(needed)


def test_defaults_are_those_of_the_manifest(settings: list[dict[str, Any]]) -> None:
    found = defaults(settings)
    said = dict.fromkeys(found, "")
    for description, name in DESCRIPTION.findall((PROJECT / "PlexSync.yml").read_text(encoding="utf-8")):
        (said[name],) = IN_DESCRIPTION.findall(description) or [""]
    assert {name: "" if value in UNSET else value for name, value in found.items()} == said


def test_defaults_are_those_of_the_documentation(settings: list[dict[str, Any]]) -> None:
    found = defaults(settings)
    parts = SECTION.split((PROJECT / "docs" / "settings.md").read_text(encoding="utf-8"))
    named: dict[str, str | None] = {}
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        names = [name for name in re.findall(r"`(\w+)`", heading) if name in found]
        match = IN_SECTION.search(body)
        values = match[1].replace("empty", "").split(" and ") if match else [None]
        named.update(zip(names, values * len(names) if len(values) == 1 else values, strict=True))
    assert named.keys() == found.keys()
    for name, value in named.items():
        assert found[name] in UNSET if value is None else found[name] == value.strip("`"), name


def test_defaults_are_those_of_the_readme(settings: list[dict[str, Any]]) -> None:
    """In its table, the last column: numbers and words that could be typed are what they are."""
    found = defaults(settings)
    for line in Path(PROJECT, "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        names = [name for name in re.findall(r"`(\w+)`", cells[0]) if name in found]
        if line.startswith("|") and names and len(cells) == 3:
            typed = [found[name] for name in names if found[name] not in UNSET]
            assert (cells[2] == ", ".join(typed)) if typed else not cells[2][:1].isdigit(), names
