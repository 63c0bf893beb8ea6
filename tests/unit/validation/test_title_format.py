"""What a title is made of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import scene
from validation.config import parse_settings
from validation.metadata import MappingRules, wanted_from_scene
from validation.problems import ConfigError

FULL: dict[str, Any] = {
    "title": "Title",
    "studio": "Studio",
    "performers": ["Ann", "Bob"],
    "date": "2024-05-06",
    "code": "AB-1",
    "files": ("/data/a.b.mp4", "/data/c.mp4"),
}


def parse(text: str) -> str:
    return parse_settings({"plex_url": "http://plex", "plex_token": "token", "title_format": text}, {}).title_format


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
def test_what_is_wrong_names_itself(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert (problem.setting, problem.reason) == ("title_format", reason)
