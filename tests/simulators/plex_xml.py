"""The elements of Plex's replies, written as XML or as JSON."""

from __future__ import annotations

import json
from typing import Any

XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# A literal line break in an attribute would reach the reader as a space; other control characters are not XML at all.
ESCAPES: dict[int, str | None] = dict.fromkeys(range(32))
ESCAPES.update({9: "&#9;", 10: "&#10;", 13: "&#13;"})
ESCAPES.update({ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"})

Value = str | int | float | bool


class Element:
    """One element: a tag, attributes and children. `json_name` is the list that holds it in JSON."""

    __slots__ = ("attributes", "children", "json_name", "tag")

    def __init__(self, tag: str, /, *, json_name: str | None = None, **attributes: Value) -> None:
        self.tag = tag
        self.json_name = json_name or tag
        self.attributes = attributes
        self.children: list[Element] = []

    def add(self, *children: Element) -> Element:
        """Append children and return the element itself."""
        self.children.extend(children)
        return self

    def xml(self) -> bytes:
        """Return a whole XML document."""
        parts = [XML_HEAD]
        self._write(parts)
        return "".join(parts).encode()

    def json(self) -> bytes:
        """Return a whole JSON document."""
        return json.dumps({self.tag: self._mapping()}, ensure_ascii=False).encode()

    def _write(self, parts: list[str]) -> None:
        parts.append(f"<{self.tag}")
        for name, value in self.attributes.items():
            if isinstance(value, str):
                parts.append(f' {name}="{value.translate(ESCAPES)}"')
            else:
                parts.append(f' {name}="{int(value) if isinstance(value, bool) else value}"')
        if not self.children:
            parts.append("/>")
            return
        parts.append(">")
        for child in self.children:
            child._write(parts)
        parts.append(f"</{self.tag}>")

    def _mapping(self) -> dict[str, Any]:
        mapping: dict[str, Any] = dict(self.attributes)
        for child in self.children:
            mapping.setdefault(child.json_name, []).append(child._mapping())
        return mapping
