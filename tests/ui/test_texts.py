"""All texts go through one table; nothing of the page is loaded from outside; answers have the agreed shapes."""

from __future__ import annotations

import re

import pytest

from tests.contract.operation_parts import LiveScenes, LiveStatus
from tests.contract.operation_shapes import OPERATIONS, check_answer
from tests.support.sentences import is_said, sentences
from tests.ui.canned import (
    MANIFEST,
    PROJECT,
    as_operation,
    canned,
    idle_status,
    many_failed,
    names,
    page_of,
    settings_answer,
)
from worker.version import VERSION

SCRIPTS = {name: (PROJECT / name).read_text(encoding="utf-8") for name in MANIFEST["ui"]["javascript"]}
STYLE = (PROJECT / "ui/plexsync.css").read_text(encoding="utf-8")
WHOLE = "\n".join(SCRIPTS.values())
GROUP = re.compile(r"^ {4}(\w+): \{(.*?)\},$", re.MULTILINE | re.DOTALL)
KEY = re.compile(r'(?:^ +|", )"?([\w.-]+)"?:\s+"', re.MULTILINE)
TABLE = {
    f"{group}.{key}"
    for name in ("ui/texts.js", "ui/texts_setup.js")
    for group, texts in GROUP.findall(SCRIPTS[name])
    for key in KEY.findall(texts)
}
USED = set(re.findall(r'[^\w.]t\(\s*"([\w.-]+)"', WHOLE))
CHOSEN = set(re.findall(r'[?:]\s*"([a-z]+\.[a-z_]+)"', WHOLE))
"""Keys that stand in a choice: t(a ? "one.key" : "another.key")."""
MADE = (*re.findall(r"`([a-z.]+\.)\$\{", WHOLE), "waiting.", "retry.", "discard.")
"""Beginnings of keys that are put together."""


def test_every_text_that_is_used_is_in_the_table() -> None:
    assert set() == USED - TABLE
    assert {key for key in CHOSEN if key.partition(".")[0] in {known.partition(".")[0] for known in TABLE}} <= TABLE


def test_every_text_of_the_table_is_used() -> None:
    assert {key for key in TABLE - USED - CHOSEN if not key.startswith(MADE)} == set()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one_closure_and_short(name: str) -> None:
    code = SCRIPTS[name]
    assert re.match(r'(//[^\n]*\n)+\(function \(\) \{\n  "use strict";\n', code)
    assert code.endswith("})();\n")
    assert code.count("\n") < 400
    assert not re.search(r"^\s*(import|export)\b", code, re.MULTILINE)


def test_nothing_makes_markup_of_a_text() -> None:
    assert not re.search(r"innerHTML|outerHTML|dangerously|document\.write|insertAdjacent|\beval\b|new Function", WHOLE)


def test_nothing_comes_from_outside() -> None:
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", WHOLE + STYLE))
    assert addresses == {"http://192.168.1.10:32400", "http://www.w3.org/2000/svg"}  # an example, and a namespace


def test_the_page_is_small() -> None:
    assert len((WHOLE + STYLE).encode()) < 150_000


def test_the_page_knows_its_version() -> None:
    assert f'version: "{VERSION}"' in SCRIPTS["ui/base.js"]


@pytest.mark.parametrize("name", [*names(), "live/status"])
def test_a_canned_sentence_is_one_that_the_plugin_says(name: str) -> None:
    assert [text for text in sentences(canned(name)) if not is_said(text)] == []


@pytest.mark.parametrize("name", names())
def test_a_canned_answer_has_the_agreed_shape(name: str) -> None:
    check_answer(name.partition(".")[0], canned(name))


def test_every_operation_has_a_canned_answer() -> None:
    assert {name.partition(".")[0] for name in names()} | {"settings"} == set(OPERATIONS)


def test_what_is_made_for_a_test_has_the_agreed_shape() -> None:
    LiveStatus.model_validate(idle_status())
    LiveScenes.model_validate(canned("live/scenes"))
    check_answer("queue_status", as_operation(idle_status()))
    check_answer("jobs", page_of(many_failed(60), {"limit": 50}))
    check_answer("settings", settings_answer({"max_tags": 7}, {"max_tags": "too few"}))
