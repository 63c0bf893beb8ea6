"""When a token ends."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.token import expires_at
from tests.support.plex_examples import jwt_of


def test_a_jwt_says_when() -> None:
    assert expires_at(jwt_of(1_795_000_000)) == 1_795_000_000.0


@pytest.mark.parametrize("claims", [{}, {"exp": None}, {"exp": "soon"}, {"exp": float("inf")}, [], "x"])
def test_one_that_does_not_say_so(claims: Any) -> None:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert expires_at(f"eyJhbGciOiJFZERTQSJ9.{body}.c2ln") is None


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert expires_at(text) is None
    assert expires_at(f"eyJ{text}.{text}.") is None or "." in text
