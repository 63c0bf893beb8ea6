"""What PlexSync.yml and ui/setting_groups.json say of the settings: the form's own words and order, said once."""

from __future__ import annotations

import json
import os
import re
from typing import Any, NamedTuple

from worker.base.plugin_folder import PLUGIN_FOLDER

_NAME = re.compile(r"  (\w+):\s*")
_KEY = re.compile(r"    (displayName|description): (.*)")
_END = re.compile(r"( Default [^.]+\.)? \(\w+\)$")
"""What Stash's form needs in a description and the page does not: the default and the name."""


class SettingText(NamedTuple):
    """What a person reads of a setting."""

    title: str = ""
    description: str = ""


def setting_texts(folder: str = PLUGIN_FOLDER) -> dict[str, SettingText]:
    """The settings of PlexSync.yml in its order; its lines are as plain as ours are. Raises OSError."""
    found: dict[str, SettingText] = {}
    name = ""
    with open(os.path.join(folder, "PlexSync.yml"), encoding="utf-8") as file:
        lines = file.read().partition("\nsettings:\n")[2].splitlines()
    for line in lines:
        if begins := _NAME.fullmatch(line):
            name = begins[1]
        elif says := _KEY.fullmatch(line):
            text = found.get(name, SettingText())
            found[name] = text._replace(title=says[2]) if says[1] == "displayName" else _described(text, says[2])
    return found


def setting_groups(folder: str = PLUGIN_FOLDER) -> list[dict[str, Any]]:
    """The groups of the form, in their order. Raises OSError."""
    with open(os.path.join(folder, "ui", "setting_groups.json"), encoding="utf-8") as file:
        groups: list[dict[str, Any]] = json.load(file)
    return groups


def _described(text: SettingText, description: str) -> SettingText:
    return text._replace(description=_END.sub("", description))
