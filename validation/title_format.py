"""Titles made of parts: "[{studio} - ]{title}[ ({year})]". Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES = ("title", "studio", "performers", "date", "year", "code", "filename")
"""What may stand in { } in a format."""

_TOKEN = re.compile(r"\{([^{}\[\]]*)\}|([\[\]{}])")


def check_format(text: str) -> str:
    """The format as it is. Raises ValueError where a name is unknown, or a bracket has no partner."""
    depth = 0
    for name, bracket in _TOKEN.findall(text):
        if bracket in ("{", "}"):
            raise ValueError(f'a "{bracket}" is alone')
        depth += {"[": 1, "]": -1}.get(bracket, 0)
        if depth not in (0, 1):
            raise ValueError('a "]" has no "["' if depth < 0 else 'there is a "[" between "[" and "]"')
        if not bracket and name not in NAMES:
            raise ValueError(f'"{{{name}}}" is unknown')
    if depth:
        raise ValueError('a "[" has no "]"')
    return text


def names_in(text: str) -> frozenset[str]:
    """Those of NAMES that a format holds."""
    return frozenset(name for name, bracket in _TOKEN.findall(text) if not bracket)


def needed_names(text: str) -> frozenset[str]:
    """Those that a format holds outside of [ ]."""
    return names_in(re.sub(r"\[[^\[\]]*\]", "", text))


def formatted(text: str, values: Mapping[str, str]) -> str:
    """A checked format, filled with the values of NAMES. A part in [ ] vanishes where one of its values is empty."""
    parts = re.split(r"\[([^\[\]]*)\]", text)
    return "".join(_filled(part, values, is_optional=index % 2 == 1) for index, part in enumerate(parts))


def _filled(part: str, values: Mapping[str, str], *, is_optional: bool) -> str:
    if is_optional and not all(values[name] for name in names_in(part)):
        return ""
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], part)


def stem_of(path: str) -> str:
    """The name of a file without its ending, whichever separator its path has."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name
