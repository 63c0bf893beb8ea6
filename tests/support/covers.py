"""Covers as Stash has them: real pictures, by Pillow."""

from __future__ import annotations

import base64
import io
from random import Random
from typing import Any

from PIL import Image

WIDE = (1280, 720)


def cover_of(size: tuple[int, int] = WIDE, seed: int = 1, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """A picture of this size: left half and right half of two colours, the upper third brighter; one for each seed."""
    random = Random(seed)
    first, second = (tuple(random.randrange(256) for _ in range(len(mode))) for _ in range(2))
    picture = Image.new(mode, size, first)
    picture.paste(second, (size[0] // 2, 0, size[0], size[1]))
    picture.paste((255,) * len(mode), (0, 0, size[0], size[1] // 3))
    return encoded(picture, kind)


def heavy_cover(size: tuple[int, int], kind: str = "PNG") -> bytes:
    """A picture that no format makes small: noise."""
    noise = Random(7).randbytes(size[0] * size[1] * 3)
    return encoded(Image.frombytes("RGB", size, noise), kind)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file of this kind; `options` are Pillow's for it."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(image: bytes) -> Image.Image:
    """What a file shows."""
    return Image.open(io.BytesIO(image)).convert("RGB")


def as_input(image: bytes) -> str:
    """The picture as Stash's form sends a cover."""
    return "data:image/jpeg;base64," + base64.b64encode(image).decode()
