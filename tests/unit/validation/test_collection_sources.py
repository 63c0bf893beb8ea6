"""After what the collections of a scene are named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import RULES
from validation.config import PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from validation.metadata import MappingRules, wanted_from_scene
from validation.scene import Named, Performer, Scene, Studio, Tag

TALL = Tag(9, "Tall", ("Body",))
SCENE = Scene(
    7,
    studio=Studio(1, "Studio", "Network"),
    performers=(Performer(1, "Ann", (TALL,)), Performer(2, "Bob")),
    tags=(Tag(1, "Part One", ("Series",)), Tag(2, "Work, in progress"), Tag(3, "studio")),
    groups=(Named(1, "Saga"), Named(2, "Ann")),
)
TAGS = ["Part One", "Work, in progress", "studio"]


def parse(**settings: object) -> PlexSyncConfig:
    return parse_settings({"plex_url": "http://plex", "plex_token": "token", **settings}, {})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["Studio"]),
        ({"collections_from": "Studio"}, ["Studio"]),
        ({"collections_from": "none"}, []),
        ({"collections_from": "parent_studio, studio"}, ["Network", "Studio"]),
        ({"collections_from": "groups,performers"}, ["Saga", "Ann", "Bob"]),
        ({"collections_from": "tags"}, TAGS),
        ({"collections_from": "studio, tags"}, ["Studio", *TAGS[:2]]),
        ({"collections_from": "tag:part one"}, ["Part One"]),
        ({"collections_from": "TAG: Part*, tag:series/"}, ["Part One"]),
        ({"collections_from": 'tag:"Work, in progress", "tag:Part*"'}, ["Work, in progress", "Part One"]),
        ({"collections_from": "tag:Tall"}, []),
        ({"collections_from": "tags", "tags_only": "Nothing", "max_tags": 1, "tags_as": "none"}, TAGS),
        ({"collections_from": "groups", "collection_prefix": " Stash - "}, ["Stash - Saga", "Stash - Ann"]),
        ({"collection_prefix": "S:"}, ["S:Studio"]),
    ],
)
def test_collections(settings: dict[str, Any], expected: list[str]) -> None:
    assert wanted_from_scene(SCENE, rules_of(parse(**settings))).value("collection") == tuple(expected)


def rules_of(config: PlexSyncConfig) -> MappingRules:
    return MappingRules(**{name: getattr(config, name) for name in MappingRules.__dataclass_fields__})


def test_without_a_name_there_is_no_collection_not_even_a_prefix() -> None:
    rules = rules_of(parse(collections_from="studio, parent_studio, groups", collection_prefix="Stash - "))
    for studio in (None, Studio(1, ""), Studio(1, " ", "\u200b")):
        assert wanted_from_scene(Scene(7, studio=studio, groups=(Named(1, ""),)), rules).value("collection") == ()


def test_the_rules_defaults_are_the_settings() -> None:
    assert rules_of(parse()) == RULES


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("studios", '"studios" is unknown'),
        ("studio, Part One", '"Part One" is unknown'),
        ("studio, None", '"None" cannot stand beside others'),
        ("tag:", '"" names no tag'),
        ("tag:/", '"/" names no tag'),
    ],
)
def test_what_is_wrong_names_itself(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(collections_from=text)
    (problem,) = caught.value.problems
    assert (problem.setting, problem.reason) == ("collections_from", reason)
