"""Which tags a setting means, and what becomes of those that are chosen."""

from __future__ import annotations

from typing import Any

import pytest

from validation.config import PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from validation.metadata import MappingRules, wanted_from_scene
from validation.scene import Performer, Scene, Tag
from validation.tag_patterns import chosen_tags

TAGS = (
    Tag(1, "Outdoor", ("Place",)),
    Tag(2, "Work, in progress"),
    Tag(3, "Story: Love", ("Genre", "Story")),
    Tag(4, "Story"),
    Tag(5, "AC/DC", ("Sound",)),
    Tag(6, "Café"),
)
SCENE = Scene(7, tags=TAGS, performers=(Performer(1, "Ann", (Tag(9, "Tall", ("Body",)), TAGS[3])),))
NAMES = [tag.name for tag in TAGS]


def parse(**settings: object) -> PlexSyncConfig:
    return parse_settings({"plex_url": "http://plex", "plex_token": "token", **settings}, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Outdoor", [1]),
        ("outdoor , STORY", [1, 4]),
        ('"Work, in progress", AC/DC', [2, 5]),
        ("Work, in progress", []),
        ("Story*", [3, 4]),
        ('"work,*"', [2]),
        ("Story *", []),
        ("*", [1, 2, 3, 4, 5, 6]),
        ("Place/", [1]),
        ("story/, SOUND /", [3, 5]),
        ("Genre/*", []),
        ("AC/*", [5]),
        ("Cafe\u0301", [6]),
        ("Nothing", []),
        ("S*y", []),
    ],
)
def test_patterns(text: str, expected: list[int]) -> None:
    patterns = parse(tags_only=text).tags_only
    assert [tag.id for tag in TAGS if any(pattern.fits(tag) for pattern in patterns)] == expected
    assert [tag.id for tag in chosen_tags(TAGS, patterns, ())] == expected
    assert [tag.id for tag in chosen_tags(TAGS, (), patterns)] == [tag.id for tag in TAGS if tag.id not in expected]


@pytest.mark.parametrize("setting", ["tags_only", "tags_except"])
def test_what_is_wrong_names_itself(setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(**{setting: "Fine, /"})
    (problem,) = caught.value.problems
    assert (problem.setting, problem.reason) == (setting, '"/" names no tag')


@pytest.mark.parametrize("text", ["genre", "tags", "genres, labels"])
def test_what_tags_can_be(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(tags_as=text)
    assert f'tags_as must be genres, labels, both or none, but is "{text}"' in str(caught.value)
    assert parse(tags_as=" Labels ").tags_as == "labels"


@pytest.mark.parametrize(
    ("settings", "genres", "labels"),
    [
        ({}, NAMES, []),
        ({"tags_as": "genres", "label_all": "Stash"}, NAMES, ["Stash"]),
        ({"tags_as": "labels"}, [], NAMES),
        ({"tags_as": "labels", "label_all": "story"}, [], ["story", *(name for name in NAMES if name != "Story")]),
        ({"tags_as": "both", "max_tags": 2}, NAMES[:2], NAMES[:2]),
        ({"tags_as": "none", "label_all": "Stash"}, [], ["Stash"]),
        ({"tags_only": "Story*, AC/DC", "tags_except": "Genre/"}, ["Story", "AC/DC"], []),
        ({"tags_except": "Outdoor, Story*", "max_tags": 2}, ["Work, in progress", "AC/DC"], []),
        ({"performer_tags": True}, [*NAMES, "Tall"], []),
        ({"performer_tags": True, "tags_only": "Body/, Outdoor"}, ["Outdoor", "Tall"], []),
        ({"performer_tags": True, "tags_only": "Body/", "tags_as": "labels", "label_all": "S"}, [], ["S", "Tall"]),
    ],
)
def test_tags(settings: dict[str, Any], genres: list[str], labels: list[str]) -> None:
    config = parse(**settings)
    rules = MappingRules(**{name: getattr(config, name) for name in MappingRules.__dataclass_fields__})
    wanted = wanted_from_scene(SCENE, rules)
    assert (wanted.value("tags"), wanted.value("labels")) == (tuple(genres), tuple(labels))
