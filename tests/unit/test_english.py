"""What a person reads: short sentences in the words that people use, with one colon at most.

The rule holds for the literals of the code (messages are made of them), PlexSync.yml and the docs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("plex", "stash", "network", "storage", "sync_queue", "validation", "worker")
MODULES = sorted([ROOT / "PlexSync.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))])
TEXTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "PlexSync.yml", *(ROOT / "docs").glob("*.md")])
BANNED = re.compile(
    r"\bmend(s|ed|ing)?\b|\bworks? (the queue )?off\b|\bspeaks no\b|\bpassing failures?\b|\bif (it|that) stays\b",
    re.IGNORECASE,
)
NOT_A_SENTENCE = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|WITH|PRAGMA|IN|ON)\b|<|\{\{|\bquery |\bmutation |^\s*:root"
)
"""Literals in SQL, HTML, GraphQL or CSS."""
ADDRESS = re.compile(r"https?://\S*|\b\d\d?:\d\d(:\d\d)?\b|\{[^{}]*\}|%\([a-z]+\)s")
SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def colons(sentence: str) -> int:
    """Colons that stand between words; those of addresses, times and values do not count."""
    return len(re.findall(r":(?=\s|$)", ADDRESS.sub("x", sentence)))


def literals(path: Path) -> Iterator[str]:
    """The texts of a module with a blank in them, f-strings with {…} in the place of values; no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inner | alone:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(each.value) if isinstance(each, ast.Constant) else "{…}" for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text.strip() and not NOT_A_SENTENCE.search(text):
            yield text


def prose(path: Path) -> Iterator[str]:
    """The sentences of a document: no code blocks, no headings; each cell of a table by itself."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=\|)|\||\n(?=#)", text):
        joined = re.sub(r"`[^`]*`", "`…`", " ".join(block.split()))
        yield from SENTENCE_END.split(joined)


def described(path: Path) -> Iterator[str]:
    """The names and descriptions in the manifest."""
    for line in path.read_text("utf-8").splitlines():
        match = re.match(r"\s*(?:- )?(?:name|description|displayName): (.*)", line)
        if match:
            yield from SENTENCE_END.split(match.group(1))


def sentences(path: Path) -> list[str]:
    if path.suffix == ".py":
        return [sentence for text in literals(path) for sentence in SENTENCE_END.split(text)]
    return list(described(path) if path.suffix == ".yml" else prose(path))


@pytest.mark.parametrize("path", [*MODULES, *TEXTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_has_one_colon_at_most_and_words_that_people_use(path: Path) -> None:
    found = sentences(path)
    assert [sentence for sentence in found if colons(sentence) > 1] == []
    assert [sentence for sentence in found if BANNED.search(sentence)] == []


@pytest.mark.parametrize(
    ("sentence", "count"),
    [
        ("one: two", 1),
        ("one: two: three", 2),
        ("Plex at http://plex:32400 refused it", 0),
        ("since 2026-11-20 18:30:00: it is down", 1),
        ("{…}: {…}", 1),
    ],
)
def test_colons_are_counted_where_they_join_words(sentence: str, count: int) -> None:
    assert colons(sentence) == count
