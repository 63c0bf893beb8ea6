"""Settings of older plugins of the same purpose, taken over once, when somebody asks for it. Nothing of theirs goes."""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from stash.client import PLUGIN_ID, StashClient
from validation.config import ENVIRONMENT_FALLBACKS, PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from validation.problems import FORM, Problem
from validation.sanitizers import clean_line
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

COMMUNITY = "PlexSync (community)"
COMMUNITY_KEYS = {"plexHost": "plex_url", "plexPort": "plex_url", "plexToken": "plex_token"}
"""Settings of the community plugin PlexSync with our names of these; its id is ours, so they stand among our own."""
COMMUNITY_SWITCH = "skipUnorganized"
"""Its switch for what is `only_organized` here."""
COMMUNITY_HOST = "localhost"
COMMUNITY_PORT = "32400"
"""What it connects to where nobody set anything else: by https, without a look at the certificate (PlexSync.py in
stashapp/CommunityScripts, as of August 2026)."""
STASH2PLEX = "Stash2Plex"
UNKNOWN = "PlexSync has no such setting"

PATH_MAP_OF_STASH2PLEX = "plex_unmatched_path_map"
"""Its pairs of folders: those of Plex come first, and of several that fit the first one is used."""
COUNTERPARTS = {**COMMUNITY_KEYS, PATH_MAP_OF_STASH2PLEX: "path_map"}
"""Settings of either that have another name here, with that name."""
SCOPES_OF_STASH2PLEX = {"24h": "day", "24hours": "day", "recent": "day", "7d": "week", "7days": "week"}

_RUNNING_SWITCHES = ("enabled", "sync_master")
"""Switches of Stash2Plex that stop it while they are off."""
_FIELD_SWITCHES = {
    f"sync_{field}": field
    for field in ("studio", "summary", "date", "performers", "tags", "collection", "poster", "background")
}
"""Its switches for single fields, with our names of these."""
_ANY_TOKEN = "stands-for-any-token"  # noqa: S105 - parse_settings wants one; this is nobody's
_HIGHEST_PORT = 65_535
_SHOWN_CHARACTERS = 20
_QUOTES_AND_BLANKS = "\"' \t\r\n"


@dataclass(frozen=True)
class Found:
    """What another plugin's settings are here: `settings` by our names, `refused` by theirs, with the reason."""

    settings: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def import_settings(task: Task) -> dict[str, Any]:
    """Take over what the user has set for an older plugin of this purpose."""
    return take_over_settings(task.workplace.stash)


def take_over_settings(stash: StashClient, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Fill what is not set here; returns `imported`, `from`, `without_counterpart` and `reasons` (docs/status.md).

    `environ` is where the address and the token may be set, too. Raises StashUnavailable.
    """
    stored = stash.plugin_settings([PLUGIN_ID, STASH2PLEX])
    ours = stored.get(PLUGIN_ID, {})
    here = {**ours, **{name: environ.get(key) for name, key in ENVIRONMENT_FALLBACKS.items() if not ours.get(name)}}
    theirs = from_stash2plex(stored.get(STASH2PLEX, {}))
    sources = {COMMUNITY: from_community(ours, may_guess="plex_url" not in theirs.settings), STASH2PLEX: theirs}
    found, used = _choose(sources, here)
    if found:
        stash.configure({**ours, **found})
    else:
        logger.info("Nothing to import: no other plugin's settings were found for what is not set here")
    refused = {source: _still_missing(each.refused, {**here, **found}) for source, each in sources.items()}
    _say_what_was_refused(refused)
    reasons = {name: reason for each in refused.values() for name, reason in each.items()}
    return {
        "imported": sorted(found),
        "from": used,
        "without_counterpart": sorted(reasons),
        "reasons": [reason for _, reason in sorted(reasons.items()) if reason != UNKNOWN],
    }


def _choose(sources: Mapping[str, Found], here: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What is not set here, from the first that has it, and who had something."""
    found: dict[str, Any] = {}
    used = []
    for source, each in sources.items():
        new = {name: value for name, value in each.settings.items() if _is_news(name, value, {**here, **found})}
        if source == COMMUNITY and "plex_url" not in new:
            # It is their address whose certificate goes unchecked, and no other.
            new.pop("skip_tls_verify", None)
        if new:
            found |= new
            used.append(source)
            logger.info("Imported %s from %s", ", ".join(sorted(new)), source)
        if source == COMMUNITY and "plex_url" in new:
            _say_how_it_connects(new)
    return found, used


def from_community(settings: Mapping[str, Any], *, may_guess: bool = True) -> Found:
    """The community plugin's settings as ours: what it would have connected to, and whether to organized scenes alone.

    Stash stores only what somebody touched; where that is host, port or token, the plugin's own default stands for host
    and port. `may_guess`: whether the host's does.
    """
    given = {key: str(settings.get(key) or "").strip(_QUOTES_AND_BLANKS) for key in COMMUNITY_KEYS}
    host, port, token = given.values()
    found = Found()
    if token:
        objection = _objection("plex_token", token, token)
        if objection:
            found.refused["plexToken"] = objection._replace(setting="plexToken").fault
        else:
            found.settings["plex_token"] = token
    if settings.get(COMMUNITY_SWITCH) is True:
        found.settings["only_organized"] = True
    if host or (may_guess and (port or token)):
        _add_address(found, host or COMMUNITY_HOST, port or COMMUNITY_PORT, token)
    return found


def _add_address(found: Found, host: str, port: str, token: str) -> None:
    """Add the address of this host and port, or say what is wrong with them; `token` is kept out of that."""
    is_short_number = port.isascii() and port.isdigit() and len(port) <= len(str(_HIGHEST_PORT))
    if not (is_short_number and 1 <= int(port) <= _HIGHEST_PORT):
        shown = clean_line(port.replace(token, "…") if token else port, _SHOWN_CHARACTERS)
        found.refused["plexPort"] = f'plexPort must be a whole number from 1 to {_HIGHEST_PORT}, but is "{shown}"'
        return
    address = _address(host, port)
    objection = _objection("plex_url", address, token)
    if objection:
        found.refused["plexHost"] = f"with plexHost, {objection.fault}"
        return
    found.settings["plex_url"] = address
    if address.startswith("https:"):
        found.settings["skip_tls_verify"] = True


def _address(host: str, port: str) -> str:
    """The address by https, unless the host names another scheme; a port within the host counts more than `port`."""
    with suppress(ValueError):  # a name, an IPv4 address, or more than a host
        host = f"[{ipaddress.IPv6Address(host)}]"
    address = (host if "://" in host else f"https://{host}").rstrip("/")
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket is missing: whoever checks the address has words for that
        return address
    has_port = ":" in parts.netloc.rpartition("@")[2].rpartition("]")[2]
    return address if has_port else parts._replace(netloc=f"{parts.netloc}:{port}").geturl()


def from_stash2plex(settings: Mapping[str, Any]) -> Found:
    """Stash2Plex's settings as ours."""
    given = {name: value for name, value in settings.items() if value is not None and str(value).strip()}
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
    scope = str(given.get("reconcile_scope", "")).strip().lower().replace(" ", "").replace("_", "")
    if scope in SCOPES_OF_STASH2PLEX:
        given["reconcile_scope"] = SCOPES_OF_STASH2PLEX[scope]
    token = str(given.get("plex_token", ""))
    refused_map = _take_over_path_map(given, token)
    translated = switches.keys() & {*_RUNNING_SWITCHES, *_FIELD_SWITCHES, "strict_matching"}
    untranslated = given.keys() - translated
    unknown = dict.fromkeys(untranslated - PlexSyncConfig.model_fields.keys(), UNKNOWN)
    objections = {name: _objection(name, given[name], token) for name in untranslated - unknown.keys()}
    same = {name: given[name] for name, objection in objections.items() if objection is None}
    refused = {name: objection.fault for name, objection in objections.items() if objection is not None}
    return Found({**same, **found}, {**unknown, **refused, **refused_map})


def _take_over_path_map(given: dict[str, Any], token: str) -> dict[str, str]:
    """Put their path map among the settings under our name, unless that is there; returns why not, by their name."""
    theirs = given.pop(PATH_MAP_OF_STASH2PLEX, None)
    if theirs is None or "path_map" in given:
        return {}
    ours = _reversed_path_map(str(theirs))
    objection = _objection("path_map", ours, token)
    if objection:
        return {PATH_MAP_OF_STASH2PLEX: objection._replace(setting=PATH_MAP_OF_STASH2PLEX).fault}
    given["path_map"] = ours
    return {}


def _reversed_path_map(text: str) -> str:
    """Pairs of folders the other way round; of several for one folder in Stash, the first."""
    pairs: dict[str, str] = {}
    for pair in filter(str.strip, text.split(";")):
        sides = [side.strip() for side in reversed(pair.split("=>"))]
        pairs.setdefault(sides[0], " => ".join(sides))
    return "; ".join(pairs.values())


def _is_news(name: str, value: Any, here: Mapping[str, Any]) -> bool:
    return not _is_set(name, here) and here.get(name) != value


def _is_set(name: str, here: Mapping[str, Any]) -> bool:
    """Whether the user has set this here. A switch that is off was set: Stash stores none that nobody touched."""
    return here.get(name) is False or bool(here.get(name))


def _still_missing(refused: Mapping[str, str], here: Mapping[str, Any]) -> dict[str, str]:
    return {name: reason for name, reason in refused.items() if not _is_set(COUNTERPARTS.get(name, name), here)}


def _say_how_it_connects(new: Mapping[str, Any]) -> None:
    if new.get("skip_tls_verify"):
        logger.info(
            "plex_url is %s now, and skip_tls_verify is on, because the community plugin connects by https without "
            "checking the certificate. Turn skip_tls_verify off if Plex's certificate is for that name",
            new["plex_url"],
        )
    elif new["plex_url"].startswith("https:"):
        logger.info(
            "plex_url is %s now; skip_tls_verify stays off, because it is set here. Turn it on if Plex's certificate "
            "is for another name",
            new["plex_url"],
        )


def _say_what_was_refused(refused: Mapping[str, Mapping[str, str]]) -> None:
    for source, reasons in refused.items():
        unknown = sorted(name for name, reason in reasons.items() if reason == UNKNOWN)
        if unknown:
            logger.warning("Not imported from %s, for %s: %s", source, UNKNOWN, ", ".join(unknown))
        for name, reason in sorted(reasons.items()):
            if reason != UNKNOWN:
                ours = COUNTERPARTS.get(name, name)
                logger.warning("Not imported from %s: %s. Set %s under %s.", source, reason, ours, FORM)


def _objection(name: str, value: Any, token: str) -> Problem | None:
    """Why a value cannot be that setting of ours, without `token`; None where it can."""
    settings = {"plex_url": "http://plex", "plex_token": token or _ANY_TOKEN, name: value}
    for problem in _problems(settings):
        if problem.setting == name:
            return problem
    # Zero and nothing mean "not set" here, which is the same only where it is the default.
    setting = PlexSyncConfig.model_fields[name]
    if setting.default == value or _is_understood(name, value):
        return None
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    reason = f"which stands for the default here, {setting.default or 'empty'}"
    return Problem(name, shown, reason, setting.description or "")


def _problems(settings: Mapping[str, Any]) -> tuple[Problem, ...]:
    try:
        return parse_settings(settings, {}).replaced
    except ConfigError as error:
        return error.problems


def _is_understood(name: str, value: Any) -> bool:
    """Whether an allowed value counts as set."""
    config = parse_settings({"plex_url": "http://plex", "plex_token": _ANY_TOKEN, name: value}, {})
    return name in config.model_fields_set
