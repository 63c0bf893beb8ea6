"""Settings of older plugins of the same purpose, taken over once, when somebody asks for it. Nothing of theirs goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from stash.client import PLUGIN_ID, StashClient
from validation.config import ConfigError, PlexSyncConfig, parse_settings

logger = logging.getLogger(__name__)

COMMUNITY_KEYS = ("plexHost", "plexPort", "plexToken")
"""Settings of the community plugin PlexSync; its id is ours, so they stand among our own."""
OTHER_PLUGINS = ("Stash2Plex",)
"""Plugins whose settings of our names mean the same."""


def take_over_settings(stash: StashClient) -> dict[str, Any]:
    """Fill what is not set here; returns `{"imported": [names], "from": [plugins]}`. Raises StashUnavailable."""
    stored = stash.plugin_settings([PLUGIN_ID, *OTHER_PLUGINS])
    ours = stored.get(PLUGIN_ID, {})
    sources = {"PlexSync (community)": from_community(ours)}
    sources |= {plugin: from_same_names(stored.get(plugin, {})) for plugin in OTHER_PLUGINS}
    found: dict[str, Any] = {}
    used = []
    for source, settings in sources.items():
        new = {name: value for name, value in settings.items() if not ours.get(name) and name not in found}
        if new:
            found |= new
            used.append(source)
    if found:
        stash.configure({**ours, **found})
        logger.info("Imported %s from %s", ", ".join(sorted(found)), ", ".join(used))
    else:
        logger.info("Nothing to import: no other plugin's settings were found for what is not set here")
    return {"imported": sorted(found), "from": used}


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


def from_same_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of another plugin that have our names and make sense here."""
    return _valid({name: settings[name] for name in PlexSyncConfig.model_fields if settings.get(name)})


def _valid(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if _is_valid(name, value)}


def _is_valid(name: str, value: Any) -> bool:
    try:
        parse_settings({"plex_url": "http://plex", "plex_token": "token", name: value}, {})
    except ConfigError:
        return False
    return True
