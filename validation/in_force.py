"""What the settings in force need of Stash beyond what is always asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from validation.config import PlexSyncConfig


@dataclass(frozen=True)
class Need:
    """`query`: what a GraphQL query of a Scene has to select besides (schema of Stash v0.30).

    `inputs`: those of `validation.fields.OPTIONAL_INPUTS` that change it.
    """

    query: str
    inputs: frozenset[str]


ORGANIZED = Need("organized", frozenset({"organized"}))


def needs_of(config: PlexSyncConfig) -> Iterator[Need]:
    """What these settings need."""
    if config.only_organized:
        yield ORGANIZED


def queries_of(config: PlexSyncConfig) -> tuple[str, ...]:
    """What has to be asked of a Scene besides."""
    return tuple(need.query for need in needs_of(config))


def inputs_used(config: PlexSyncConfig) -> frozenset[str]:
    """Those of `validation.fields.OPTIONAL_INPUTS` that matter to Plex under these settings."""
    return frozenset(name for need in needs_of(config) for name in need.inputs)
