"""When a title is only its file's name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.names import is_file_name

PATHS = ("/data/été à rome.mp4", r"D:\Films\été à rome.mp4", "été à rome.mp4")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("path_form", ["NFC", "NFD"])
@pytest.mark.parametrize("title_form", ["NFC", "NFD"])
@pytest.mark.parametrize("title", ["été à rome", "été à rome.mp4", " été à rome\n"])
def test_as_the_file_spells_it(path: str, path_form: str, title_form: str, title: str) -> None:
    forms = unicodedata.normalize(title_form, title), unicodedata.normalize(path_form, path)  # type: ignore[arg-type]
    assert is_file_name(*forms)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("title", ["Été à Rome", "ete a rome", "été  à rome", "été à rome.MP4", "été à rome (2020)"])
def test_what_somebody_typed(path: str, title: str) -> None:
    assert not is_file_name(title, path)


@pytest.mark.parametrize("path", ["/data/été à rome .mp4", "/data/ été à rome.mp4"])
def test_a_blank_that_a_person_took_out_of_the_files_name(path: str) -> None:
    assert not is_file_name("été à rome", path)


@given(name=st.text(alphabet="abcxyzäßé 019", min_size=1).filter(lambda name: name.upper() != name))
def test_capitals_make_another_title(name: str) -> None:
    path = f"/data/{name}.mp4"
    assert is_file_name(name, path)
    assert not is_file_name(name.upper(), path)
