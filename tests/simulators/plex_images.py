"""The posters or backgrounds of one item: known by their bytes, one of them shown, and listed perhaps late."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

PLEX_FOLDERS = {"thumb": "posters", "art": "arts"}
MAX_IMAGE_BYTES = 10_480_000  # up to which Kometa uploads, since Plex answers 500 to more


@dataclass
class ImageRules:
    """What the server does with pictures; may be changed at any time.

    Attributes:
        max_bytes: a larger body is answered 500; None for no limit.
        lag_seconds: how late the lists of posters and backgrounds tell of a change, by the server's clock. The
            picture itself, and the item's `thumb` and `art`, change at once.
        lag_requests: how many requests for a list still get the one from before a change.
    """

    max_bytes: int | None = MAX_IMAGE_BYTES
    lag_seconds: float = 0.0
    lag_requests: int = 0


@dataclass(frozen=True)
class Image:
    """A poster or background of one item; `uploaded` tells it from one that an agent brought."""

    name: str
    data: bytes
    uploaded: bool


@dataclass(slots=True)
class _Listed:
    """What a list of pictures tells from a moment on (`at`, seconds), or after so many more requests."""

    images: tuple[Image, ...]
    selected: Image | None
    at: float
    requests_left: int


@dataclass(slots=True)
class Pictures:
    """All posters, or all backgrounds, of one item.

    Attributes:
        images: each once, the earliest first.
        selected: the one that is shown; None for none.
        uploads: the bytes of every upload, repeated ones included, oldest first.
    """

    images: list[Image] = field(default_factory=list)
    selected: Image | None = None
    uploads: list[bytes] = field(default_factory=list)
    _history: list[_Listed] = field(default_factory=list)

    def keep(self, kind: str, data: bytes, *, uploaded: bool) -> tuple[Image, bool]:
        """Keep a picture unless an equal one is there; returns it, and whether it is new."""
        origin = "upload" if uploaded else "metadata"
        name = f"{origin}://{PLEX_FOLDERS[kind]}/{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"
        known = self.named(name)
        if known is not None:
            return known, False
        image = Image(name, data, uploaded)
        self.images.append(image)
        return image, True

    def named(self, name: str) -> Image | None:
        """Return the picture with this name (`upload://posters/{sha1}`); None if there is none."""
        return next((image for image in self.images if image.name == name), None)

    def note_change(self, now: float, rules: ImageRules) -> None:
        """Remember what is there now, for lists that lag."""
        self._history.append(_Listed(tuple(self.images), self.selected, now, rules.lag_requests))

    def listed(self, now: float, rules: ImageRules) -> tuple[tuple[Image, ...], Image | None]:
        """Return what one request for the list gets: the pictures, and the selected one."""
        current = _Listed((), None, now, 0)
        for moment in self._history:
            if moment.requests_left <= 0 and now - moment.at >= rules.lag_seconds:
                current = moment
            moment.requests_left -= 1
        return current.images, current.selected
