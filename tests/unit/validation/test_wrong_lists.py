"""Lists and folders that a person mistyped: what is told, and what is not shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.settings_examples import parse, problems

LISTS = ("plex_library", "exclude_tags", "exclude_paths", "tags_only", "tags_except", "collections_from")
"""The settings that are lists of names."""
SECRET_FOLDER = "/data/zqpath/My private films"


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("text", ['"/a', '/b, "/a', '"/a, /b', '"', '/b, "', '"/a"", /b'])
def test_a_quote_that_is_not_closed_is_told(name: str, text: str) -> None:
    (problem,) = problems(**{name: text})
    assert problem.setting == name
    assert "the quote before" in str(problem)


def test_a_quote_behind_tag_must_be_closed_too() -> None:
    (problem,) = problems(collections_from='studio, tag:"A, B')
    assert "the quote before tag:A is never closed" in problem.reason


@given(st.lists(st.text(st.sampled_from('a", '), min_size=1).filter(str.strip)))
def test_every_name_can_be_listed_in_quotes(names: list[str]) -> None:
    names = list(dict.fromkeys(name.strip() for name in names))
    text = ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)
    assert parse(plex_library=text).plex_library == tuple(names)


@given(st.text(st.sampled_from('a", '), min_size=1))
def test_a_list_is_taken_or_refused_and_no_name_begins_with_a_quote_by_accident(text: str) -> None:
    try:
        names = parse(plex_library=text).plex_library
    except Exception as error:  # noqa: BLE001 - it must be this one
        assert type(error).__name__ == "ConfigError"
    else:
        assert '""' in text or all(name.count('"') % 2 == 0 for name in names if name.startswith('"'))


@pytest.mark.parametrize("name", ["path_map", "exclude_paths"])
@pytest.mark.parametrize("value", [f"{SECRET_FOLDER} only one side", f"relative{SECRET_FOLDER}", f"{SECRET_FOLDER}=>x"])
@pytest.mark.parametrize("hides", [True, "true", 1, "perhaps"])
def test_obfuscate_paths_hides_a_wrong_folder(name: str, value: str, hides: object) -> None:
    wrong = f"relative, {value}, zqpath" if name == "exclude_paths" else value
    said = " ".join(map(str, problems(**{name: wrong, "obfuscate_paths": hides})))
    assert f"{name} must be" in said
    assert "zqpath" not in said


@pytest.mark.parametrize("hides", [False, "false", None, 0])
def test_without_it_a_wrong_folder_is_shown(hides: object) -> None:
    said = str(problems(path_map=SECRET_FOLDER, obfuscate_paths=hides)[0])
    assert SECRET_FOLDER in said


# --- near-misses: what is nearly a list would leave nothing alone, without a word

TAG_LISTS = ("exclude_tags", "tags_only", "tags_except")


@pytest.mark.parametrize("name", TAG_LISTS)
@pytest.mark.parametrize("text", ["Private; Raw", "One, Private;Raw", "Private\nRaw"])
def test_tags_that_are_not_separated_by_commas_are_told(name: str, text: str) -> None:
    (problem,) = problems(**{name: text})
    assert problem.setting == name
    assert "separated by commas" in problem.reason


def test_so_are_those_of_collections() -> None:
    (problem,) = problems(collections_from="studio, tag:Private; tag:Raw")
    assert "separated by commas" in problem.reason


@pytest.mark.parametrize(
    "text", ["/data/a; /data/b", "/data/a;/data/b", "/data/x, /data/a;D:\\b", "/data/a\n/data/b", "/data/a => /media/a"]
)
def test_folders_that_are_not_separated_by_commas_are_told(text: str) -> None:
    (problem,) = problems(exclude_paths=text)
    assert problem.setting == "exclude_paths"
    assert "separated by commas" in problem.reason


@pytest.mark.parametrize("text", ["/data/priv*", "/data/*/private", "*/private", "/*/x/*"])
def test_a_folder_with_a_star_in_it_is_told(text: str) -> None:
    (problem,) = problems(exclude_paths=text)
    assert problem.setting == "exclude_paths"


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("/data/private/*", ("/data/private",)),
        ("/data/private/**", ("/data/private",)),
        (r"D:\private\*", (r"D:\private",)),
        ("/*", ("/",)),
        ("/data/a;b, /data/c", ("/data/a;b", "/data/c")),
        ('"/data/a; /data/b"', ("/data/a; /data/b",)),
        ('"/data/with*star", "/data/*"', ("/data/with*star", "/data/*")),
        ("“/data/private”", ("/data/private",)),
        ("„/data/a, b“, «/data/c»", ("/data/a, b", "/data/c")),
    ],
)
def test_what_is_meant_beyond_doubt_is_taken(text: str, folders: tuple[str, ...]) -> None:
    assert parse(exclude_paths=text).exclude_paths == folders


@pytest.mark.parametrize("name", LISTS)
def test_quotes_as_other_programs_write_them_are_quotes(name: str) -> None:
    straight, typographic = '"/a, b", "/c"', "“/a, b”, „/c“"
    if name == "collections_from":
        straight, typographic = 'tag:"A, B", "tag:C"', "tag:“A, B”, „tag:C“"
    assert getattr(parse(**{name: typographic}), name) == getattr(parse(**{name: straight}), name)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("text", ["“/a", "/b, “/a, /b", "„/a“b"])
def test_such_a_quote_must_be_closed_too(name: str, text: str) -> None:
    (problem,) = problems(**{name: text})
    assert "the quote before" in problem.reason


def test_a_name_that_holds_a_semicolon_stands_in_quotes() -> None:
    assert [each.key for each in parse(exclude_tags='"Private; Raw", 7” single').exclude_tags] == [
        "private; raw",
        "7” single",
    ]
