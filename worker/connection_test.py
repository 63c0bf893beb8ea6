"""Does it work with the settings as they are? Asks, and changes nothing."""

from __future__ import annotations

from typing import Any

from plex.exceptions import PlexError
from plex.libraries import configured_sections
from stash.exceptions import StashUnavailable
from validation.config import ConfigError
from worker.assembly import Workplace
from worker.sessions import Session


def test_connection(workplace: Workplace) -> dict[str, Any]:
    """`{"ok": bool, "checks": [{"name", "ok", "detail"}, …]}`; it ends at the first check that others rest on."""
    checks: list[dict[str, Any]] = []

    def note(name: str, ok: bool, detail: str) -> bool:
        checks.append({"name": name, "ok": ok, "detail": detail})
        return ok

    session = _settings(workplace, note)
    if session is not None:
        fault = session.find_fault(False)
        if note("Plex", not fault, fault or f"{session.config.plex_url} answers"):
            fault = session.find_fault(True)
            if note("Token", not fault, fault or "accepted"):
                _libraries(session, note)
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _settings(workplace: Workplace, note: Any) -> Session | None:
    try:
        version = workplace.stash.version()
        note("Stash", True, f"version {version} answers")
        session = workplace.sessions.current(max_age=0.0)
    except StashUnavailable as error:
        note("Stash", False, str(error))
    except ConfigError as error:
        note("Settings", False, "; ".join(error.problems))
    else:
        note("Settings", True, "complete")
        return session
    return None


def _libraries(session: Session, note: Any) -> None:
    try:
        sections = configured_sections(session.plex.sections(), session.config.plex_library)
    except PlexError as error:
        note("Libraries", False, str(error))
    else:
        found = bool(sections)
        names = ", ".join(section.title for section in sections)
        note("Libraries", found, names if found else "Plex has no movie library: create one for these videos")
