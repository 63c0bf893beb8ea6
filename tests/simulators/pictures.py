"""Small valid pictures, each different from the next."""

from __future__ import annotations

import base64
import hashlib

# Shown by Stash for a scene without a cover (its own drawing differs)
PLACEHOLDER_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360"/>'


def jpeg(text: str) -> bytes:
    """Return a grey square of 8 by 8 pixels as a baseline JPEG (ITU T.81), with `text` in it as a comment."""
    seed = hashlib.sha256(text.encode()).digest()[0]
    shade = (seed & 0x7F) << 8 | 0x7F  # bit 0: a difference of 7 bits follows; behind it bit 0: no more; then ones
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            _segment(0xFE, text.encode()),
            _segment(0xDB, b"\x00" + b"\x08" * 64),
            _segment(0xC0, b"\x08\x00\x08\x00\x08\x01\x01\x11\x00"),
            _segment(0xC4, b"\x00\x01" + b"\x00" * 15 + b"\x07"),  # differences: one code, category 7
            _segment(0xC4, b"\x10\x01" + b"\x00" * 15 + b"\x00"),  # the rest: one code, end of block
            _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
            shade.to_bytes(2, "big"),
            b"\xff\xd9",
        )
    )


def cover(text: str) -> str:
    """The picture of `jpeg` as Stash's form sends a cover: a data URL."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(text)).decode()


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content
