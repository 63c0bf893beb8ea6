"""Settings and the doctor's findings for whoever helps, as Save Diagnostics puts them into its file. Heavy."""

from __future__ import annotations

import os
from dataclasses import asdict, is_dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from stash.exceptions import StashUnavailable
from validation.addresses import without_secrets
from validation.config import ADDRESSES, ENVIRONMENT_FALLBACKS, PlexSyncConfig
from validation.errors import ConfigError
from worker.base.words import counted
from worker.drain.parts import Workplace
from worker.tasks.doctor.connection_check import check_connection
from worker.tasks.views.settings_now import settings_problems

NAMING = ("plex_library", "path_map")
"""Settings that hold names or paths."""


def examined(workplace: Workplace, with_names: bool) -> tuple[dict[str, Any], str]:
    """What goes into the file, by name; and the Plex token, "" where it is not known."""
    parts: dict[str, Any] = {"settings.json": {}, "doctor.json": _findings(workplace, with_names)}
    try:
        config = workplace.contexts.read_settings()
    except ConfigError:
        values = workplace.stash.settings()
        held = {name: _as_typed(name, values.get(name), with_names) for name in PlexSyncConfig.model_fields}
        secret = str(values.get("plex_token") or os.environ.get(ENVIRONMENT_FALLBACKS["plex_token"], "")).strip()
    except StashUnavailable as error:
        return {**parts, "settings.json": {"error": str(error)}}, ""
    else:
        held = {name: _shown(config, name, with_names) for name in PlexSyncConfig.model_fields}
        secret = config.plex_token.get_secret_value()
    return {**parts, "settings.json": {**held, "problems": settings_problems(workplace)}}, secret


def _as_typed(name: str, value: Any, with_names: bool) -> Any:
    """A setting as Stash holds it, where one of them is wrong, so that none of them has its own form."""
    if value in (None, ""):
        return "not set"
    if PlexSyncConfig.model_fields[name].annotation is SecretStr or (name in NAMING and not with_names):
        return "set"
    return without_secrets(str(value)) if name in ADDRESSES else value


def _shown(config: PlexSyncConfig, name: str, with_names: bool) -> Any:
    value = getattr(config, name)
    if isinstance(value, SecretStr):
        return "set"
    if name in NAMING and not with_names:
        return counted(len(value), "entry")
    if isinstance(value, tuple | frozenset):
        return [asdict(each) if is_dataclass(each) and not isinstance(each, type) else each for each in value]
    if name == "plex_url" and not with_names:
        return f"{urlsplit(value).scheme}, port {urlsplit(value).port}"
    return value


def _findings(workplace: Workplace, with_names: bool) -> dict[str, Any]:
    """What the doctor finds. Names of libraries stand there as they are, and may be PlexSync's words as well."""
    result = check_connection(workplace)
    for check in result["checks"]:
        if check["name"] == "Libraries" and not with_names:
            check["detail"] = ""
    return result
