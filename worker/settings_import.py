"""Settings of older plugins of the same purpose, taken over once, when somebody asks for it. Nothing of theirs goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from stash.client import PLUGIN_ID, StashClient
from validation.config import ConfigError, PlexSyncConfig, parse_settings

logger = logging.getLogger(__name__)

COMMUNITY = "PlexSync (community)"
COMMUNITY_KEYS = ("plexHost", "plexPort", "plexToken")
"""Settings of the community plugin PlexSync; its id is ours, so they stand among our own."""
STASH2PLEX = "Stash2Plex"

_RUNNING_SWITCHES = ("enabled", "sync_master")
"""Switches of Stash2Plex that stop it while they are off."""
_FIELD_SWITCHES = {
    f"sync_{field}": field
    for field in ("studio", "summary", "date", "performers", "tags", "collection", "poster", "background")
}
"""Its switches for single fields, with our names of these."""


def take_over_settings(stash: StashClient) -> dict[str, Any]:
    """Fill what is not set here; returns `imported`, `from` and `without_counterpart` (docs/status.md).

    Raises StashUnavailable.
    """
    stored = stash.plugin_settings([PLUGIN_ID, STASH2PLEX])
    ours = stored.get(PLUGIN_ID, {})
    theirs, without_counterpart = from_stash2plex(stored.get(STASH2PLEX, {}))
    found: dict[str, Any] = {}
    used = []
    for source, settings in {COMMUNITY: from_community(ours), STASH2PLEX: theirs}.items():
        new = {name: value for name, value in settings.items() if name not in found and _is_news(name, value, ours)}
        if new:
            found |= new
            used.append(source)
    if found:
        stash.configure({**ours, **found})
        logger.info("Imported %s from %s", ", ".join(sorted(found)), ", ".join(used))
    else:
        logger.info("Nothing to import: no other plugin's settings were found for what is not set here")
    if without_counterpart:
        logger.warning(
            "Not imported, for PlexSync has no such setting or does not accept the value: %s",
            ", ".join(without_counterpart),
        )
    return {"imported": sorted(found), "from": used, "without_counterpart": without_counterpart}


def from_community(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`plexHost`, `plexPort` and `plexToken` as our settings; what is missing or makes no sense is left out."""
    host, port, token = (str(settings.get(key) or "").strip() for key in COMMUNITY_KEYS)
    found: dict[str, Any] = {}
    if host:
        address = (host if "://" in host else f"http://{host}").rstrip("/")
        has_port = ":" in address.rpartition("/")[2]
        found["plex_url"] = address if has_port or not port else f"{address}:{port}"
    if token:
        found["plex_token"] = token
    return _valid(found)


def from_stash2plex(settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Stash2Plex's settings as ours, and the names, sorted, of those that have no counterpart here."""
    given = {name: value for name, value in settings.items() if value not in (None, "")}
    switches = {name: value for name, value in given.items() if isinstance(value, bool)}
    found: dict[str, Any] = {}
    if not all(switches.get(name, True) for name in _RUNNING_SWITCHES):
        found["paused"] = True
    skipped = [field for name, field in _FIELD_SWITCHES.items() if not switches.get(name, True)]
    if skipped:
        found["skip_fields"] = ", ".join(skipped)
    if "strict_matching" in switches:
        found["allow_ambiguous_matches"] = not switches["strict_matching"]
    if str(given.get("reconcile_interval")).strip().lower() == "never":
        del given["reconcile_interval"]  # as here, where it is empty
    same = _valid({name: value for name, value in given.items() if name in PlexSyncConfig.model_fields})
    translated = switches.keys() & {*_RUNNING_SWITCHES, *_FIELD_SWITCHES, "strict_matching"}
    return {**same, **found}, sorted(given.keys() - same.keys() - translated)


def _is_news(name: str, value: Any, ours: Mapping[str, Any]) -> bool:
    """Whether the user has not set this here. A switch that is off was set: Stash stores none that nobody touched."""
    own = ours.get(name)
    return own is not False and not own and own != value


def _valid(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if _is_valid(name, value)}


def _is_valid(name: str, value: Any) -> bool:
    try:
        config = parse_settings({"plex_url": "http://plex", "plex_token": "token", name: value}, {})
    except ConfigError:
        return False
    # Zero and nothing mean "not set" here, which is the same only where it is the default.
    return name in config.model_fields_set or bool(getattr(config, name) == value)
