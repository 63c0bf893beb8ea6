"""Does it work with the settings as they are? Asks, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plex.client import PlexClient
from plex.exceptions import PlexError
from plex.libraries import configured_sections
from stash.exceptions import StashUnavailable
from validation.config import ConfigError, PlexSyncConfig
from worker.assembly import Workplace
from worker.sessions import find_fault

Note = Callable[[str, bool, str], bool]


def check_connection(workplace: Workplace) -> dict[str, Any]:
    """`{"ok": bool, "checks": [{"name", "ok", "detail"}, …]}`; it ends at the first check that others rest on."""
    checks: list[dict[str, Any]] = []

    def note(name: str, ok: bool, detail: str) -> bool:
        checks.append({"name": name, "ok": ok, "detail": detail})
        return ok

    config = _settings(workplace, note)
    if config is not None:
        plex = workplace.sessions.new_client(config)
        fault = find_fault(config, plex, with_token=False)
        if note("Plex", not fault, fault or f"{config.plex_url} answers"):
            fault = find_fault(config, plex, with_token=True)
            if note("Token", not fault, fault or "accepted"):
                _libraries(config, plex, note)
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _settings(workplace: Workplace, note: Note) -> PlexSyncConfig | None:
    try:
        version = workplace.stash.version()
        note("Stash", True, f"version {version} answers")
        config = workplace.sessions.read_settings()
    except StashUnavailable as error:
        note("Stash", False, str(error))
    except ConfigError as error:
        note("Settings", False, "; ".join(error.problems))
    else:
        note("Settings", True, "complete")
        return config
    return None


def _libraries(config: PlexSyncConfig, plex: PlexClient, note: Note) -> None:
    try:
        sections = configured_sections(plex.sections(), config.plex_library)
    except PlexError as error:
        note("Libraries", False, str(error))
    else:
        found = bool(sections)
        names = ", ".join(section.title for section in sections)
        note("Libraries", found, names if found else "Plex has no movie library: create one for these videos")
