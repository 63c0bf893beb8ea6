"""A Plex that notes every write which changes nothing: somebody sent again what Plex showed already."""

from __future__ import annotations

from typing import Any

from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_edits import Edit
from tests.simulators.plex_items import ImageKind, Item


class WatchfulPlex(PlexSimulator):
    """A Plex simulator with a list of repeated writes, each in words.

    A write counts as repeated if Plex shows its whole effect at the moment when it arrives, unless it is one lock
    alone: that is how PlexSync finds out whether Plex takes edits at all. A picture counts as repeated if it was ever
    uploaded to the item: Plex keeps every upload.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.repeated: list[str] = []

    def apply(self, edit: Edit, section_key: int | None) -> None:
        """Apply one PUT, and compare before with after."""
        with self.lock:
            before = {key: self.items[key].snapshot() for key in edit.rating_keys if key in self.items}
            super().apply(edit, section_key)
            for key, shown in before.items():
                if self.items[key].snapshot() == shown and not tries_out(edit):
                    self.repeated.append(f"edit of item {key}: {edit}")

    def rate(self, rating_key: int, rating: float) -> None:
        """Set a rating, and compare before with after."""
        with self.lock:
            before = self.items[rating_key].user_rating if rating_key in self.items else None
            super().rate(rating_key, rating)
            if before == rating:
                self.repeated.append(f"rating of item {rating_key}: {rating}")

    def upload(self, rating_key: int, kind: ImageKind, data: bytes) -> None:
        """Keep an image, unless an equal one was kept before: that is noted."""
        with self.lock:
            if rating_key in self.items and self.is_repeated(self.items[rating_key], kind, data):
                self.repeated.append(f"{kind} of item {rating_key}")
            super().upload(rating_key, kind, data)

    def is_repeated(self, item: Item, kind: ImageKind, data: bytes) -> bool:
        """Whether this upload brings what the item was given before."""
        return data in item.uploads(kind)


def tries_out(edit: Edit) -> bool:
    """Whether an edit is about one lock and nothing else, as PlexSync sends it to find out whether Plex takes edits."""
    content = (edit.text, edit.tags, edit.removals, edit.characters, edit.photos)
    return not any(content) and len(edit.locks) + len(edit.unlocks) == 1
