"""Settings and the doctor's findings for whoever helps, as Save Diagnostics puts them into its file. Heavy."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from stash.exceptions import StashUnavailable
from validation.config import PlexSyncConfig
from validation.errors import ConfigError
from worker.base.words import counted
from worker.drain.parts import Workplace
from worker.tasks.connection_check import check_connection

NAMING = ("plex_library", "path_map")
"""Settings that hold names or paths."""


def examined(workplace: Workplace, with_names: bool) -> tuple[dict[str, Any], str]:
    """What goes into the file, by name; and the Plex token, "" where it is not known."""
    parts: dict[str, Any] = {"settings.json": {}, "doctor.json": _findings(workplace, with_names)}
    try:
        config = workplace.contexts.read_settings()
    except (ConfigError, StashUnavailable) as error:
        return {**parts, "settings.json": {"error": str(error)}}, ""
    parts["settings.json"] = {name: _shown(config, name, with_names) for name in type(config).model_fields}
    return parts, config.plex_token.get_secret_value()


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
