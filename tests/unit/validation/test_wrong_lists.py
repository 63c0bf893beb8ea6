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
