"""What a title is made of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import scene
from validation.config import parse_settings
from validation.errors import ConfigError
from validation.metadata import MappingRules, wanted_from_scene

FULL: dict[str, Any] = {
    "title": "Title",
    "studio": "Studio",
    "performers": ["Ann", "Bob"],
    "date": "2024-05-06",
    "code": "AB-1",
    "files": ("/data/a.b.mp4", "/data/c.mp4"),
}


def parse(text: str, setting: str = "title_format") -> str:
    config = parse_settings({"plex_url": "http://plex", "plex_token": "token", setting: text}, {})
    return str(getattr(config, setting))


@pytest.mark.parametrize(
    ("text", "values", "title"),
    [
        ("", FULL, "Title"),
        ("{title}", FULL, "Title"),
        ("[{studio} - ]{title}[ ({year})]", FULL, "Studio - Title (2024)"),
        ("[{studio} - ]{title}[ ({year})]", {"title": "Title"}, "Title"),
        ("[{studio} - ]{title}[ ({year})]", {"title": "Title", "date": "2024"}, "Title (2024)"),
        ("{title}[ | {performers} {code}]", FULL, "Title | Ann, Bob AB-1"),
        ("{title}[ | {performers} {code}]", {**FULL, "code": ""}, "Title"),
        ("{filename}, {date}", FULL, "a.b, 2024-05-06"),
        ("{filename}", {"title": "T", "files": ("D:\\\\x\\\\noending",)}, "noending"),
        ("[{studio} - ]{title}", {**FULL, "title": ""}, ""),
        ("{filename}[ - {title}]", {**FULL, "title": ""}, "a.b"),
        ("{title}", {**FULL, "title": "{studio} [x]"}, "{studio} [x]"),
    ],
)
def test_formats(text: str, values: dict[str, Any], title: str) -> None:
    assert wanted_from_scene(scene(**values), MappingRules(100, title_format=parse(text))).title == title


def test_an_empty_title_may_be_the_files_name() -> None:
    rules = MappingRules(100, title_format="[{studio} - ]{title}", title_from_filename=True)
    assert wanted_from_scene(scene(**{**FULL, "title": " "}), rules).title == "Studio - a.b"
    assert wanted_from_scene(scene(**FULL), rules).title == "Studio - Title"


@pytest.mark.parametrize(
    ("text", "values", "sort_title"),
    [
        ("", FULL, ""),
        ("{studio} {date}", FULL, "Studio 2024-05-06"),
        ("{studio} {date}", {"title": "Title"}, ""),
        ("[{studio}, ]{title}", {**FULL, "title": ""}, ""),
    ],
)
def test_sort_titles(text: str, values: dict[str, Any], sort_title: str) -> None:
    rules = MappingRules(100, title_format="{code}", sort_title_format=parse(text, "sort_title_format"))
    assert wanted_from_scene(scene(**values), rules).value("sort_title") == sort_title


def test_a_title_that_is_sorted_by_another_says_nothing_more() -> None:
    rules = MappingRules(100, title_from_filename=True, sort_title_format="{filename}")
    assert not wanted_from_scene(scene(files=("/data/a.mp4",)), rules).has_details


@pytest.mark.parametrize("setting", ["title_format", "sort_title_format"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{titel}", '"{titel}" is unknown'),
        ("{}", '"{}" is unknown'),
        ("{title", 'a "{" is alone'),
        ("title}", 'a "}" is alone'),
        ("[{title}", 'a "[" has no "]"'),
        ("{title}]", 'a "]" has no "["'),
        ("[[{title}]]", 'there is a "[" between "[" and "]"'),
    ],
)
def test_what_is_wrong_names_itself(text: str, reason: str, setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, setting)
    (problem,) = caught.value.problems
    assert (problem.setting, problem.reason) == (setting, reason)
