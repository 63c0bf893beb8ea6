"""What the settings in force use: what of Stash beyond what is always asked for, which edits, and which fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from validation.collection_sources import CollectionSource
from validation.config import PlexSyncConfig
from validation.fields import DEPENDENT_INPUTS, FIELDS, INPUT_OF_KIND, TABLE
from validation.metadata import AS_GENRES, AS_LABELS
from validation.tag_patterns import TagPattern
from validation.title_format import names_in


@dataclass(frozen=True)
class Need:
    """`query`: what a GraphQL query of a Scene has to select besides (schema of Stash v0.30), "" for nothing.

    `inputs`: those that change it, as `validation.fields.concerns_plex` names them.
    """

    query: str
    inputs: frozenset[str]


ORGANIZED = Need("organized", frozenset({"organized"}))
STASH_IDS = Need("", frozenset({"stash_ids"}))
CODE = Need("code", frozenset({"code"}))
DIRECTOR = Need("director", frozenset({"director"}))
TAGS = Need("", frozenset({"tag_ids"}))
TAG_PARENTS = Need("tags { parents { id name } }", frozenset({"tag_ids", "parent_ids:tag", "child_ids:tag"}))
PERFORMER_TAGS = Need(
    "performers { tags { id name } }", frozenset({"performer_ids", "tag_ids:performer", "name:tag", "removed:tag"})
)
PERFORMER_PHOTOS = Need("performers { image_path }", frozenset({"performer_ids", "image:performer"}))
PERFORMERS = Need("", frozenset({"performer_ids"}))
STUDIO = Need("", frozenset({"studio_id"}))
PARENT_STUDIO = Need("studio { parent_studio { id name } }", frozenset({"studio_id", "parent_id:studio"}))
GROUPS = Need(
    "groups { group { id name } }", frozenset({"group_ids", "groups", "movies", "name:group", "removed:group"})
)
PERFORMER_TAG_PARENTS = Need("performers { tags { parents { id name } } }", TAG_PARENTS.inputs)
FORMATS = {
    "title": Need("", frozenset({"title"})),
    "studio": STUDIO,
    "performers": PERFORMERS,
    "date": Need("", frozenset({"date"})),
    "year": Need("", frozenset({"date"})),
    "code": CODE,
}
"""What a name in a format needs; the file's name is always there."""
COLLECTIONS: dict[CollectionSource, Need] = {
    "studio": STUDIO,
    "parent_studio": PARENT_STUDIO,
    "groups": GROUPS,
    "performers": PERFORMERS,
}
"""What a source of collections needs; all others need the scene's tags."""


def needs_of(config: PlexSyncConfig) -> Iterator[Need]:
    """What these settings need."""
    yield from _needs_of_scope(config)
    yield from _needs_of_format(config.title_format + config.sort_title_format)
    if config.code_as:
        yield CODE
    if config.write_director:
        yield DIRECTOR
    yield from (COLLECTIONS.get(source, TAGS) for source in _sources(config))
    if uses_parents_of_tags(config) or _means_children(config.exclude_tags):
        yield TAG_PARENTS
    if config.tags_as in AS_LABELS:
        yield TAGS
    if config.performer_photos_url and "performers" not in config.skip_fields:
        yield PERFORMER_PHOTOS
    if config.performer_tags and config.tags_as != "none":
        yield PERFORMER_TAGS
        if uses_parents_of_tags(config):
            yield PERFORMER_TAG_PARENTS


def _needs_of_format(text: str) -> list[Need]:
    return [FORMATS[name] for name in names_in(text) & FORMATS.keys()]


def _needs_of_scope(config: PlexSyncConfig) -> Iterator[Need]:
    """What tells which scenes take part."""
    if config.only_organized:
        yield ORGANIZED
    if config.only_with_stash_id:
        yield STASH_IDS
    if config.exclude_tags:
        yield TAGS


def uses_parents_of_tags(config: PlexSyncConfig) -> bool:
    """Whether it matters what is above a tag."""
    if config.refresh_instead:
        return False
    of_tags = (*config.tags_only, *config.tags_except) if config.tags_as != "none" else ()
    of_collections = (source for source in _sources(config) if isinstance(source, TagPattern))
    return _means_children((*config.exclude_tags, *of_tags, *of_collections))


def tag_patterns(config: PlexSyncConfig) -> dict[str, tuple[TagPattern, ...]]:
    """By setting, the tags that people named in lists; a setting that names none is absent."""
    of_collections = tuple(source for source in config.collections_from if isinstance(source, TagPattern))
    lists = {
        "exclude_tags": config.exclude_tags,
        "tags_only": config.tags_only,
        "tags_except": config.tags_except,
        "collections_from": of_collections,
    }
    return {name: patterns for name, patterns in lists.items() if patterns}


def _means_children(patterns: Iterable[TagPattern]) -> bool:
    return any(pattern.kind == "parent" for pattern in patterns)


def _sources(config: PlexSyncConfig) -> tuple[CollectionSource, ...]:
    return () if "collection" in config.skip_fields else config.collections_from


def queries_of(config: PlexSyncConfig) -> tuple[str, ...]:
    """What has to be asked of a Scene besides."""
    return tuple(need.query for need in needs_of(config) if need.query)


def inputs_used(config: PlexSyncConfig) -> frozenset[str]:
    """What matters to Plex under these settings, as `validation.fields.concerns_plex` names it."""
    if config.refresh_instead:  # nobody but the agent knows what it looks at
        return DEPENDENT_INPUTS
    left_alone = config.skip_fields | unfilled_fields(config)
    used = {name for field in TABLE if field.name not in left_alone for name in field.inputs}
    used.update(name for need in needs_of(config) for name in need.inputs)
    carried = (kind for kind, name in INPUT_OF_KIND.items() if name in used)
    return frozenset(used.union(*({f"name:{kind}", f"removed:{kind}"} for kind in carried)))


def fields_changed_by(inputs: Collection[str], config: PlexSyncConfig) -> frozenset[str]:
    """The fields that may show something else after an edit of these inputs of a scene, under these settings."""
    needs: dict[str, Iterable[Need]] = {
        "title": _needs_of_format(config.title_format),
        "sort_title": [FORMATS["title"], *_needs_of_format(config.sort_title_format)],
        "collection": [COLLECTIONS.get(source, TAGS) for source in _sources(config)],
        "labels": [TAGS],
        "tagline": [CODE],
        "original_title": [CODE],
        "director": [DIRECTOR],
    }
    used = {field.name: {*field.inputs}.union(*(need.inputs for need in needs.get(field.name, ()))) for field in TABLE}
    return frozenset(name for name, each in used.items() if not each.isdisjoint(inputs))


def skipped_fields(config: PlexSyncConfig) -> frozenset[str]:
    """The fields that are left as they are: with `refresh_instead` all of them."""
    return frozenset(FIELDS) if config.refresh_instead else config.skip_fields


def unfilled_fields(config: PlexSyncConfig) -> frozenset[str]:
    """The fields that none of these settings fills: they get their old value back where they still show ours."""
    is_filled = {
        "sort_title": bool(config.sort_title_format),
        "tags": config.tags_as in AS_GENRES,
        "collection": bool(config.collections_from),
        "content_rating": bool(config.content_rating),
        "tagline": config.code_as == "tagline",
        "original_title": config.code_as == "original_title",
        "director": config.write_director,
        "labels": bool(config.label_all) or config.tags_as in AS_LABELS,
    }
    return frozenset(name for name, filled in is_filled.items() if not filled)
