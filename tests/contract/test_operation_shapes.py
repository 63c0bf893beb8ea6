"""docs/operations.md and its models say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from tests.contract.operation_parts import LiveScenes, LiveStatus
from tests.contract.operation_shapes import OPERATIONS
from tests.support.sentences import is_said, sentences

PAGE = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHAPES: tuple[type[BaseModel], ...] = (LiveStatus, LiveScenes, *OPERATIONS.values())


def fits(shape: type[BaseModel], document: object) -> bool:
    try:
        shape.model_validate(document)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_has_the_shape_of_something(example: str) -> None:
    assert any(fits(shape, json.loads(example)) for shape in SHAPES), example


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_sentence_in_an_example_is_one_that_the_plugin_says(example: str) -> None:
    assert [text for text in sentences(json.loads(example)) if not is_said(text)] == []


@pytest.mark.parametrize("mode", OPERATIONS)
def test_every_operation_is_described(mode: str) -> None:
    assert f"`{mode}`" in PAGE
