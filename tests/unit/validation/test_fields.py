"""The one table of fields: what it promises, and that a field needs no more than its entry and its mapping."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import RULES, scene
from validation.fields import COMPARED_FIELDS, FIELDS, IMAGE_FIELDS, LIST, NEVER, NUMBER, TABLE, TEXT
from validation.metadata import MAPPINGS, wanted_from_scene
from validation.scene import Scene

ROOT = Path(__file__).parents[3]
LONG = st.text(max_size=20).map(lambda text: text * 800)
LONG_SCENES = st.builds(
    scene,
    title=LONG,
    details=LONG,
    date=LONG,
    rating100=st.integers(),
    studio=LONG,
    performers=st.lists(LONG, max_size=3),
    tags=st.lists(LONG, max_size=3),
)


def test_every_field_but_the_images_has_one_mapping() -> None:
    assert tuple(MAPPINGS) == COMPARED_FIELDS
    assert set(FIELDS) - set(MAPPINGS) == set(IMAGE_FIELDS)


@given(LONG_SCENES)
def test_property_no_value_is_beyond_its_limit(scene: Scene) -> None:
    for name, value in wanted_from_scene(scene, RULES).values.items():
        field = FIELDS[name]
        if field.kind == TEXT:
            assert len(str(value)) <= field.limit or not field.limit
        elif field.kind == LIST:
            assert isinstance(value, tuple)
            assert all(0 < len(each) <= field.limit for each in value)
        else:
            assert field.kind == NUMBER
            assert isinstance(value, float)
            assert 0 <= value <= field.limit


# --- the documents


def documented() -> dict[str, str]:
    """By field, the line of docs/settings.md that says where it comes from and where it goes."""
    part = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").split("| field | from Stash | in Plex |")[1]
    rows = [row for row in part.split("\n\n")[0].splitlines() if row.startswith("| `")]
    return {name: row for row in rows for name in re.findall("`(.+?)`", row.split("|")[1])}


def test_the_documents_table_is_the_table() -> None:
    assert list(documented()) == list(FIELDS)


def test_the_documents_say_which_fields_are_never_cleared() -> None:
    spared = [name for name, row in documented().items() if "an empty one is left alone" in row]
    assert spared == [field.name for field in TABLE if field.cleared == NEVER and field.name not in IMAGE_FIELDS]


@pytest.mark.parametrize(
    ("file", "pattern", "separator"),
    [
        ("docs/settings.md", r"Allowed: (`title`[^.]+?`)\n\n", "`, `"),
        ("PlexSync.yml", r"Any of (title, .+), separated", ", "),
    ],
)
def test_what_skip_fields_allows_is_listed_in_full(file: str, pattern: str, separator: str) -> None:
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"))
    assert found is not None
    assert " ".join(found[1].split()).strip("`").split(separator) == list(FIELDS)


# --- a new field

ENTRY = """
    Field(
        "edition",
        TEXT,
        plex_name="edition",
        plex_element="edition",
        inputs=("edition_input",),
        query="edition_query",
        limit=20,
    ),
"""
MAPPING = '"edition": lambda scene, limit, _: clean_line(scene.details, limit),\n'
CONSUMERS = """
from xml.etree.ElementTree import fromstring

from plex.items import parse_item
from plex.editing.answers import remaining
from plex.editing.difference import ANY_SERVER, difference
from plex.editing.edits import ItemHistory, WriteRules
from plex.editing.writer import edit_requests, plain_edit_requests
from stash.hook import relevant_change
from stash.scenes import SCENE_SELECTION
from validation.config import ConfigError, parse_settings
from validation.metadata import MappingRules, wanted_from_scene
from validation.scene import Scene

def read(attributes):
    video = fromstring(f'<Video ratingKey="7" librarySectionID="1" title="T" {attributes}/>')
    return parse_item(video, video)

def locked(attributes):
    field = '<Field name="edition" locked="1"/>'
    video = fromstring(f'<Video ratingKey="7" librarySectionID="1" title="T" {attributes}>{field}</Video>')
    return parse_item(video, video)

def edits(rules):
    wanted = wanted_from_scene(Scene(7, title="T", details="A line that is too long"), MappingRules(1))
    found = difference(wanted, read('edition="Old" summary="A line that is too long"'), rules, ItemHistory())
    return [edit for edit in found if not edit.is_lock_only]

context = {"id": 7, "type": "Scene.Update.Post", "inputFields": ["edition_input"]}
assert relevant_change(context).fields == ["edition_input"]
assert "edition_query" in SCENE_SELECTION.split()
(edit,) = edits(WriteRules())
assert (edit.field, edit.old, edit.new) == ("edition", "Old", "A line that is too l")
assert edits(WriteRules(frozenset({"edition"}))) == []
written = [("edition.value", "A line that is too l"), ("edition.locked", "1")]
assert edit_requests([edit]) == plain_edit_requests([edit]) == [written]
assert remaining([edit], locked('edition="A line that is too l"'), ANY_SERVER) == ()
settings = {"plex_url": "http://plex:32400", "plex_token": "token", "skip_fields": "edition"}
assert parse_settings(settings, {}).skip_fields == {"edition"}
try:
    parse_settings({**settings, "skip_fields": "slogan"}, {})
except ConfigError as error:
    assert "edition" in str(error)
"""


def inserted(file: Path, line: str, addition: str) -> None:
    """Put `addition` behind the first line of `file` that begins with `line`."""
    before, found, after = file.read_text(encoding="utf-8").partition(f"\n{line}")
    rest = after.split("\n", 1)
    assert found
    file.write_text(f"{before}{found}{rest[0]}\n{addition}{rest[1]}", encoding="utf-8")


def test_a_new_field_is_one_entry_one_mapping_and_a_name_for_the_hook(tmp_path: Path) -> None:
    for room in ("validation", "plex", "stash", "storage"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    inserted(tmp_path / "validation" / "fields.py", "TABLE:", ENTRY)
    inserted(tmp_path / "stash" / "hook.py", "RELEVANT_FIELDS =", '    {"edition_input"} |\n')  # light, so no import
    inserted(tmp_path / "validation" / "metadata.py", "MAPPINGS:", MAPPING)
    program = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{CONSUMERS}"
    result = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
