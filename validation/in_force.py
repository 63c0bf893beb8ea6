"""What the settings in force need of Stash beyond what is always asked for, and which fields none of them fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from validation.config import PlexSyncConfig
from validation.fields import FIELDS, OPTIONAL_INPUTS
from validation.title_format import names_in


@dataclass(frozen=True)
class Need:
    """`query`: what a GraphQL query of a Scene has to select besides (schema of Stash v0.30).

    `inputs`: those of `validation.fields.OPTIONAL_INPUTS` that change it.
    """

    query: str
    inputs: frozenset[str]


ORGANIZED = Need("organized", frozenset({"organized"}))
CODE = Need("code", frozenset({"code"}))
DIRECTOR = Need("director", frozenset({"director"}))


def needs_of(config: PlexSyncConfig) -> Iterator[Need]:
    """What these settings need."""
    if config.only_organized:
        yield ORGANIZED
    if config.code_as or "code" in names_in(config.title_format + config.sort_title_format):
        yield CODE
    if config.write_director:
        yield DIRECTOR


def queries_of(config: PlexSyncConfig) -> tuple[str, ...]:
    """What has to be asked of a Scene besides."""
    return tuple(need.query for need in needs_of(config))


def inputs_used(config: PlexSyncConfig) -> frozenset[str]:
    """Those of `validation.fields.OPTIONAL_INPUTS` that matter to Plex under these settings."""
    if config.refresh_instead:  # nobody but the agent knows what it looks at
        return OPTIONAL_INPUTS
    return frozenset(name for need in needs_of(config) for name in need.inputs)


def skipped_fields(config: PlexSyncConfig) -> frozenset[str]:
    """The fields that are left as they are: with `refresh_instead` all of them."""
    return frozenset(FIELDS) if config.refresh_instead else config.skip_fields


def unfilled_fields(config: PlexSyncConfig) -> frozenset[str]:
    """The fields that none of these settings fills: they get their old value back where they still show ours."""
    is_filled = {
        "sort_title": bool(config.sort_title_format),
        "content_rating": bool(config.content_rating),
        "tagline": config.code_as == "tagline",
        "original_title": config.code_as == "original_title",
        "director": config.write_director,
        "labels": bool(config.label_all),
    }
    return frozenset(name for name, filled in is_filled.items() if not filled)
