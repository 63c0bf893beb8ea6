"""The settings as Stash holds them: values, defaults, what is allowed, and what is wrong with them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from storage.lock import ProcessLock
from validation.config import ENVIRONMENT_FALLBACKS, PlexSyncConfig
from validation.errors import ConfigError
from validation.fields import FIELDS
from validation.problems import Problem, replaced_in_words
from worker.status.live_file import write_idle
from worker.status.standing import FORMAT
from worker.tasks.page.manifest import SettingText, setting_groups, setting_texts
from worker.tasks.task import Task

SECRET = "secret"  # noqa: S105 - a type of setting


def show_settings(task: Task) -> dict[str, Any]:
    """The answer of `settings`. Raises StashUnavailable."""
    workplace = task.workplace
    problems: dict[str, str] = {}
    try:
        config = workplace.contexts.read_settings()
        problems = {each.setting: replaced_in_words(each) for each in config.replaced}
        problems |= workplace.contexts.missing(config)
    except ConfigError as error:
        problems = _by_setting(error.problems)
    if not ProcessLock(task.folder.drain_lock).is_held_elsewhere():
        write_idle(task.folder, task.database, time.time())  # a drainer would have noticed within seconds
    values = workplace.stash.settings()
    settings = [
        _setting(name, text, values, problems.get(name, ""))
        for name, text in setting_texts().items()
        if name in PlexSyncConfig.model_fields
    ]
    return {"format": FORMAT, "groups": setting_groups(), "settings": settings}


def _by_setting(problems: Iterable[Problem]) -> dict[str, str]:
    return {each.setting: str(each) for each in problems}


def _setting(name: str, text: SettingText, values: Mapping[str, Any], problem: str) -> dict[str, Any]:
    field = PlexSyncConfig.model_fields[name]
    kind, choices = _kind(name, field)
    default = _default(field)
    held = values.get(name)
    is_held = held not in (None, "", 0)
    inherited = os.environ.get(ENVIRONMENT_FALLBACKS.get(name, ""), "")
    minimum, maximum = _bounds(field)
    return {
        "name": name,
        "title": text.title,
        "description": text.description,
        "type": kind,
        "default": default,
        "value": "" if kind == SECRET else held if is_held else inherited or default,
        "is_set": is_held or bool(inherited),
        "allowed": f"{field.description} is allowed" if field.description else "",
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "problem": problem,
    }


def _kind(name: str, field: FieldInfo) -> tuple[str, list[str]]:
    """The type of a setting as the page shows it, and what it may be one of, or any of."""
    annotation = field.annotation
    if annotation is bool:
        return "switch", []
    if annotation in (int, float):
        return "number", []
    if annotation is SecretStr:
        return SECRET, []
    if get_origin(annotation) is Literal:
        return "choice", [str(each) for each in annotation.__args__]  # type: ignore[union-attr] # of a Literal
    return ("fields", list(FIELDS)) if name == "skip_fields" else ("text", [])


def _default(field: FieldInfo) -> Any:
    """As a person would type it."""
    if field.is_required():
        return ""
    return ", ".join(field.default) if isinstance(field.default, (tuple, frozenset)) else field.default


def _bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    limits = {name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)}
    return limits.get("ge"), limits.get("le")
