"""Where helpers of tests live: in tests/support or tests/simulators, never in a test module."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def imported(module: Path) -> set[str]:
    """Names of all modules, and of what may be one, that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{each.name}" for each in node.names}
    return names


def test_no_file_imports_from_a_test_module() -> None:
    tests = {".".join(path.relative_to(TESTS.parent).with_suffix("").parts) for path in TESTS.rglob("test_*.py")}
    found = {path.name: sorted(imported(path) & tests) for path in TESTS.rglob("*.py")}
    assert {name: modules for name, modules in found.items() if modules} == {}
