"""The sentences that the plugin says, as its sources have them: for whatever quotes one, an answer or an example."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.world import PROJECT

ROOMS = ("plex", "stash", "storage", "sync_queue", "validation", "worker")
SAID = frozenset({"cause", "reason", "error_text", "warnings", "blocked", "differences_reason"})
"""Keys of replies whose value is a sentence of the plugin, or several."""
LEAST_SHARE = 0.3
"""Of a sentence, that its source must hold letter by letter: the rest are the values in it."""


@cache
def is_said(text: str) -> bool:
    """Whether the plugin can say this sentence."""
    return any(_covered(text, letters, template) >= LEAST_SHARE * len(text) for letters, template in _templates())


def _covered(text: str, letters: int, template: re.Pattern[str]) -> int:
    """How many letters of the text are given by a template, and by those of the sentences that it puts in."""
    match = template.fullmatch(text)
    if match is None:
        return 0
    return letters + sum(len(part) for part in match.groups() if " " in part and part != text and is_said(part))


def sentences(reply: Any, key: str = "") -> Iterator[str]:
    """All sentences of a reply, or of a part of it that stands under `key`."""
    if isinstance(reply, dict):
        for name, value in reply.items():
            yield from sentences(value, name)
    elif isinstance(reply, list):
        for value in reply:
            yield from sentences(value, key)
    elif key in SAID and isinstance(reply, str) and " " in reply:
        yield reply


@cache
def _templates() -> tuple[tuple[int, re.Pattern[str]], ...]:
    """Each text of the sources with a blank in it: how many letters of it are given, and what it may look like."""
    found: dict[str, int] = {}
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                parts = _parts(node)
                given = [part for part in parts if part is not None]
                if any(" " in part for part in given):
                    pattern = "".join("(.*)" if part is None else re.escape(part) for part in parts)
                    found[pattern] = sum(map(len, given))
    return tuple((letters, re.compile(rf"{pattern}\.?", re.DOTALL)) for pattern, letters in found.items())


def _parts(node: ast.AST) -> list[str | None]:
    """The pieces of a text, None for what is only known when it is said; [] for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _parts(value) or [None]]
    return []
