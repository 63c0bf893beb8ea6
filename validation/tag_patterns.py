"""Which tags a setting means: "Name" itself, "Na*" those that begin so, "Name/" the children of a tag. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from validation.names import name_key
from validation.scene import Tag


@dataclass(frozen=True)
class TagPattern:
    """One entry of such a list. `key`: what it compares by, as `validation.names.name_key`."""

    kind: Literal["name", "beginning", "parent"]
    key: str

    def __str__(self) -> str:
        """The entry as it is written in the setting, but for capital letters."""
        return self.key + {"name": "", "beginning": "*", "parent": "/"}[self.kind]

    def may_fit(self, names: Iterable[str]) -> bool:
        """Whether any tag is meant, where these are the names of all that there are."""
        keys = map(name_key, names)
        return any(key.startswith(self.key) if self.kind == "beginning" else key == self.key for key in keys)

    def fits(self, tag: Tag) -> bool:
        """Whether it means this tag."""
        if self.kind == "parent":
            return any(name_key(parent) == self.key for parent in tag.parents)
        key = name_key(tag.name)
        return key.startswith(self.key) if self.kind == "beginning" else key == self.key


def tag_pattern(text: str) -> TagPattern:
    """The pattern that a person wrote. Raises ValueError where it names nothing."""
    key = name_key(text)
    if key.endswith("*"):
        return TagPattern("beginning", key[:-1])
    is_parent = key.endswith("/")
    key = key.removesuffix("/").strip()
    if not key:
        raise ValueError(f'"{text}" names no tag')
    return TagPattern("parent" if is_parent else "name", key)


def chosen_tags(tags: Iterable[Tag], only: Sequence[TagPattern], but: Sequence[TagPattern]) -> list[Tag]:
    """Those that `only` means (all where that is empty), without those that `but` means."""
    return [
        tag
        for tag in tags
        if (not only or any(pattern.fits(tag) for pattern in only)) and not any(pattern.fits(tag) for pattern in but)
    ]
