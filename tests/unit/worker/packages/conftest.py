"""A plugin that needs a package that is made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.needy_plugin import NeedyPlugin


@pytest.fixture
def plugin(tmp_path: Path) -> NeedyPlugin:
    return NeedyPlugin(tmp_path)
