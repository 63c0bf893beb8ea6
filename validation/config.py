"""The settings of PlexSync: their defaults, what each may be, and what a person is told where one is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails

from validation.addresses import HIDDEN, check_photos_url, check_plex_url, without_secrets
from validation.collection_sources import SOURCES, CollectionSource, collection_sources, with_quotes_around
from validation.errors import ConfigError
from validation.fields import FIELDS
from validation.limits import (
    CONNECT_TIMEOUT_SECONDS,
    DLQ_RETENTION_DAYS,
    MAX_RETRIES,
    MAX_TAGS,
    PARALLEL_WRITES,
    POLL_INTERVAL_SECONDS,
    READ_TIMEOUT_SECONDS,
)
from validation.listed_names import checked_folder, checked_tag, listed_names
from validation.problems import Problem
from validation.sanitizers import clean_line
from validation.tag_patterns import TagPattern, tag_pattern
from validation.title_format import NAMES, check_format

ENVIRONMENT_FALLBACKS = {"plex_url": "PLEX_URL", "plex_token": "PLEX_TOKEN"}
"""Settings that an environment variable stands in for where Stash holds none."""

HARMLESS = frozenset(
    (
        *("max_retries", "poll_interval", "connect_timeout", "read_timeout", "parallel_writes"),
        *("reconcile_interval", "reconcile_scope"),
    )
)
"""Settings that decide neither where to nor what is written: a wrong one gives way to its default."""

KEEPS_BLANKS = frozenset({"collection_prefix"})
"""Settings whose blanks at the end are meant."""

ADDRESSES = ("plex_url", "performer_photos_url")
_PATHS = ("path_map", "exclude_paths")
_NOT_SHOWN = "not shown here"
_SHOWN_CHARACTERS = 100
_ZERO = re.compile(r"[+-]?0+(\.0*)?")
_ABSOLUTE_PATH = re.compile(r"/|\\|[A-Za-z]:[/\\]")
_TOKEN = re.compile(r"[!-~]+")  # visible ASCII: anything else cannot be sent as a header


@dataclass(frozen=True)
class PathMapping:
    """A folder as Stash sees it and the same folder as Plex sees it; absolute, without a trailing separator."""

    stash_prefix: str
    plex_prefix: str

    def __str__(self) -> str:
        """The mapping as it is written in the setting."""
        return f"{_as_folder(self.stash_prefix)} => {_as_folder(self.plex_prefix)}"


def _plex_token(token: SecretStr) -> SecretStr:
    text = _bare_token(token.get_secret_value())
    if not _TOKEN.fullmatch(text):
        raise ValueError("no Plex token has such a character")
    return SecretStr(text)


def _bare_token(text: str) -> str:
    """Without what people paste along with it."""
    return text.strip("\"' ").removeprefix("X-Plex-Token=")


def _library_names(value: object) -> object:
    return listed_names(value) if isinstance(value, str) else value


def _folders(value: object) -> object:
    return listed_names(value, checked_folder) if isinstance(value, str) else value


def _absolute_folders(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _ABSOLUTE_PATH.match(name):
            raise ValueError(f'"{name}" is not an absolute path')
    return tuple(map(_without_trailing_separator, names))


def _path_mappings(value: object) -> object:
    return tuple(map(_path_mapping, _split(value, ";"))) if isinstance(value, str) else value


def _path_mapping(text: str) -> PathMapping:
    prefixes = [prefix.strip() for prefix in text.split("=>")]
    if len(prefixes) != 2:
        raise ValueError(f'"{text}" needs one => between two folders')
    for prefix in prefixes:
        if not _ABSOLUTE_PATH.match(prefix):
            raise ValueError(f'"{prefix}" in "{text}" is not an absolute path')
    return PathMapping(*map(_without_trailing_separator, prefixes))


def _without_trailing_separator(path: str) -> str:
    return path.rstrip("/\\") or path[:1]  # a root stays a root


def _as_folder(prefix: str) -> str:
    return prefix + "\\" if prefix.endswith(":") else prefix  # without its separator a drive is not an absolute path


def _different_folders(mappings: tuple[PathMapping, ...]) -> tuple[PathMapping, ...]:
    seen: set[str] = set()
    for mapping in mappings:
        if mapping.stash_prefix in seen:
            raise ValueError(f'"{mapping.stash_prefix}" is mapped twice')
        seen.add(mapping.stash_prefix)
    return mappings


def _field_names(value: object) -> object:
    return frozenset(name.lower() for name in _split(value, ",")) if isinstance(value, str) else value


def _choice(value: object) -> object:
    return re.sub("^(never|none|nothing|no|off|disabled)$", "", value.lower()) if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _tag_patterns(value: object) -> object:
    return tuple(map(tag_pattern, listed_names(value, checked_tag))) if isinstance(value, str) else value


def _collection_sources(value: object) -> object:
    return collection_sources(listed_names(with_quotes_around(value), checked_tag)) if isinstance(value, str) else value


def _known_fields(names: frozenset[str]) -> frozenset[str]:
    unknown = sorted(names.difference(FIELDS))
    if unknown:
        raise ValueError(f'"{unknown[0]}" is not a field')
    return names


def _split(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):  # a bool is an int in Python, and would pass for 1
        raise ValueError("not a number")
    return value


def _number(bounds: tuple[float, float], default: float, unit: str) -> Any:
    """A field of the model with its default and its bounds, which are told to whoever passes them."""
    low, high = bounds
    return Field(default=default, ge=low, le=high, description=f"a {unit} from {low:g} to {high:g}")


def _switch() -> Any:
    return Field(default=False, description="true or false")


_TagPatterns = Annotated[tuple[TagPattern, ...], BeforeValidator(_tag_patterns)]
_TAG_PATTERNS: Any = Field(
    default=(), description='names of tags, "Na*" or "Name/", separated by commas (one that has a comma in "quotes")'
)
_Format = Annotated[str, AfterValidator(check_format)]
_FORMAT: Any = Field(default="", description=f"a text with any of {', '.join(f'{{{name}}}' for name in NAMES)}")
_Seconds = Annotated[float, BeforeValidator(_no_boolean)]
_Count = Annotated[int, BeforeValidator(_no_boolean)]


class PlexSyncConfig(BaseModel):
    """The settings, checked. This is the one home of their defaults; README describes what each does.

    Raises pydantic's ValidationError, whose text holds no token, where it is constructed with wrong values;
    `parse_settings` is the way in for what a person typed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    plex_url: Annotated[str, AfterValidator(check_plex_url)] = Field(
        description="an address such as http://192.168.1.20:32400"
    )
    plex_token: Annotated[SecretStr, AfterValidator(_plex_token)] = Field(
        description="the X-Plex-Token of the server's owner"
    )
    plex_library: Annotated[tuple[str, ...], BeforeValidator(_library_names)] = Field(
        default=(),
        description='names of movie libraries, separated by commas (one that has a comma in "quotes")',
    )
    path_map: Annotated[
        tuple[PathMapping, ...], BeforeValidator(_path_mappings), AfterValidator(_different_folders)
    ] = Field(
        default=(),
        description="folders such as /data/scenes => /media/scenes, separated by semicolons",
    )
    only_organized: bool = _switch()
    only_with_stash_id: bool = _switch()
    exclude_tags: _TagPatterns = _TAG_PATTERNS
    exclude_paths: Annotated[tuple[str, ...], BeforeValidator(_folders), AfterValidator(_absolute_folders)] = Field(
        default=(), description='folders such as /data/private, separated by commas (one that has a comma in "quotes")'
    )
    skip_fields: Annotated[frozenset[str], BeforeValidator(_field_names), AfterValidator(_known_fields)] = Field(
        default=frozenset(), description=f"any of {', '.join(FIELDS)}, separated by commas"
    )
    title_format: _Format = _FORMAT
    title_from_filename: bool = _switch()
    sort_title_format: _Format = _FORMAT
    content_rating: str = Field(default="", description="a content rating such as XXX")
    code_as: Annotated[Literal["", "tagline", "original_title"], BeforeValidator(_choice)] = Field(
        default="", description="tagline, original_title, or empty for nothing"
    )
    write_director: bool = _switch()
    label_all: str = Field(default="", description="a label such as Stash")
    poster_fit: Annotated[Literal["", "letterbox", "blur", "crop"], BeforeValidator(_choice)] = Field(
        default="", description="letterbox, blur, crop, or empty for the cover as it is"
    )
    performer_photos_url: Annotated[str, AfterValidator(check_photos_url)] = Field(
        default="", description="an address such as http://192.168.1.10:9999 that needs no login"
    )
    tags_as: Annotated[Literal["genres", "labels", "both", "none"], BeforeValidator(_lower)] = Field(
        default="genres", description="genres, labels, both or none"
    )
    tags_only: _TagPatterns = _TAG_PATTERNS
    tags_except: _TagPatterns = _TAG_PATTERNS
    performer_tags: bool = _switch()
    max_tags: _Count = _number(MAX_TAGS, 100, "whole number")
    collections_from: Annotated[tuple[CollectionSource, ...], BeforeValidator(_collection_sources)] = Field(
        default=("studio",), description=f"none, or any of {', '.join(SOURCES)} and tag:Name, separated by commas"
    )
    collection_prefix: str = Field(default="", description="a text such as Stash -")
    preserve_plex_edits: bool = _switch()
    refresh_instead: bool = _switch()
    allow_ambiguous_matches: bool = _switch()
    skip_not_found: bool = _switch()
    trigger_plex_scan: bool = _switch()
    skip_tls_verify: bool = _switch()
    paused: bool = _switch()
    max_retries: _Count = _number(MAX_RETRIES, 5, "whole number")
    poll_interval: _Seconds = _number(POLL_INTERVAL_SECONDS, 1.0, "number of seconds")
    connect_timeout: _Seconds = _number(CONNECT_TIMEOUT_SECONDS, 5.0, "number of seconds")
    read_timeout: _Seconds = _number(READ_TIMEOUT_SECONDS, 30.0, "number of seconds")
    parallel_writes: _Count = _number(PARALLEL_WRITES, 2, "whole number")
    dlq_retention_days: _Count = _number(DLQ_RETENTION_DAYS, 30, "whole number of days")
    reconcile_interval: Annotated[Literal["", "hourly", "daily", "weekly"], BeforeValidator(_choice)] = Field(
        default="", description="hourly, daily, weekly, or empty for never"
    )
    reconcile_scope: Annotated[Literal["all", "week", "day"], BeforeValidator(_lower)] = Field(
        default="all", description="all, week or day"
    )
    obfuscate_paths: bool = _switch()
    debug_logging: bool = _switch()
    _replaced: tuple[Problem, ...] = PrivateAttr(default=())

    @property
    def replaced(self) -> tuple[Problem, ...]:
        """The wrong values whose defaults are used in their place."""
        return self._replaced


def parse_settings(settings: Mapping[str, object], environ: Mapping[str, str]) -> PlexSyncConfig:
    """The settings as Stash's form stored them, checked.

    None, 0 and an empty text mean "not set": the default, or for the address and the token of Plex the environment
    variables PLEX_URL and PLEX_TOKEN. Numbers may come as text. Names that are no settings are ignored. Where only
    HARMLESS ones are wrong, their defaults are used, and `replaced` names them.

    Raises ConfigError with everything that is wrong.
    """
    given = {name: _trimmed(name, settings.get(name)) for name in PlexSyncConfig.model_fields}
    values = {name: value for name, value in given.items() if not _is_unset(name, value)}
    sources: dict[str, str] = {}
    for name, variable in ENVIRONMENT_FALLBACKS.items():
        inherited = environ.get(variable, "").strip()
        if name not in values and inherited:
            values[name] = inherited
            sources[name] = variable
    try:
        return PlexSyncConfig.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False)
    wrong = {str(detail["loc"][0]) for detail in details}
    problems = dict.fromkeys(_problem(detail, values, sources) for detail in details)
    if wrong <= HARMLESS:
        return _with_defaults(values, wrong, problems)
    # Raised out here because pydantic's error keeps the token among its inputs, and would come along as the context.
    raise ConfigError(problems)


def _with_defaults(values: Mapping[str, object], wrong: Collection[str], problems: Iterable[Problem]) -> PlexSyncConfig:
    config = PlexSyncConfig.model_validate({name: value for name, value in values.items() if name not in wrong})
    config._replaced = tuple(problems)
    return config


def _trimmed(name: str, value: object) -> object:
    if isinstance(value, str):
        return value.lstrip() if name in KEEPS_BLANKS else value.strip()
    return value


def _is_unset(name: str, value: object) -> bool:
    if value in (None, "", 0):
        return True
    is_number = PlexSyncConfig.model_fields[name].annotation in (int, float)
    return is_number and isinstance(value, str) and _ZERO.fullmatch(value) is not None


def _problem(detail: ErrorDetails, values: Mapping[str, object], sources: Mapping[str, str]) -> Problem:
    name = str(detail["loc"][0])
    allowed = PlexSyncConfig.model_fields[name].description or ""
    if name not in values:
        return Problem(name, None, "", allowed)
    if name in _PATHS and _hides_paths(values):
        return Problem(name, _NOT_SHOWN, "", allowed, sources.get(name, ""))
    token = _bare_token(str(values.get("plex_token", "")))
    reason = _without(token, str(detail["ctx"]["error"])) if detail["type"] == "value_error" else ""
    return Problem(name, _shown(name, values[name], token), reason, allowed, sources.get(name, ""))


def _hides_paths(values: Mapping[str, object]) -> bool:
    """Whether `obfuscate_paths` is on; where it is itself no such thing as true or false, it was meant to be."""
    try:
        return TypeAdapter(bool).validate_python(values.get("obfuscate_paths", False))
    except ValidationError:
        return True


def _shown(name: str, value: object, token: str) -> str:
    """A wrong value as a problem names it: on one line, short, and without anything that may be secret."""
    if name == "plex_token":
        return _NOT_SHOWN
    if not isinstance(value, str):
        return _without(token, str(value))
    if name in ADDRESSES:
        value = without_secrets(value)
    return f'"{_without(token, value)}"'


def _without(token: str, text: str) -> str:
    shown = text.replace(token, HIDDEN) if token else text
    return clean_line(shown, _SHOWN_CHARACTERS)
