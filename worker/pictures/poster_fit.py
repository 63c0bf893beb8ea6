"""A poster of 2:3 out of a cover of any shape, and a picture that is small enough for Plex. To make one needs Pillow.

The same bytes come out of the same picture, by one version of Pillow. What an upload was made of is kept as its recipe,
so that another version sends nothing again.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST = (1000, 1500)
"""Pixels of a poster at most. Chosen: what Plex's own posters have, and well under a megabyte."""
QUALITY = 90
"""Of JPEG, 1 to 95 (Pillow). Chosen: no difference to be seen at that size."""
EDGES = (3840, 2560, 1920, 1280)
"""The longest edges, in pixels, that a picture which is too large is tried with: 4K, and what is common below."""
BLURRED_WIDTH = 100
"""Pixels to which the background of a blurred poster is made smaller first: cheap, and smooth by itself."""
BLUR = 4
"""Radius of the blur at that width, in pixels."""
DIMMED = 0.6
"""Share of its brightness that a blurred background keeps, so that the cover stands out."""

MOST_PIXELS = 50_000_000
"""Pixels of a picture up to which it is worked on. Chosen: photos have no more, and they take 150 MB of memory."""

LETTERBOX, BLURRED, CROP, SMALLER = "letterbox", "blur", "crop", "smaller"
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class CannotMake(Exception):
    """A picture could not be made; the text says why."""


class Box(NamedTuple):
    """A part of a picture, or a place in one, in pixels."""

    left: int
    top: int
    width: int
    height: int


def recipe_for(fit: str, cover: bytes) -> str:
    """What is kept of an upload that was made: the fit, and the SHA-1 of the cover; "" for a cover as it is."""
    return f"{fit} {hashlib.sha1(cover, usedforsecurity=False).hexdigest()}" if fit else ""


def fit_in(recipe: str) -> str:
    """The fit by which an upload was made, "" for a cover as it is."""
    return recipe.partition(" ")[0]


def cropped(width: int, height: int) -> Box:
    """The largest part of 2:3 in the middle of a picture."""
    if width * 3 > height * 2:
        part = max(1, round(height * 2 / 3))
        return Box((width - part) // 2, 0, part, height)
    part = max(1, min(height, round(width * 3 / 2)))
    return Box(0, (height - part) // 2, width, part)


def canvas_around(width: int, height: int) -> tuple[int, int]:
    """The size of a poster, exactly 2:3, that holds a whole picture, at its own size unless that passes LARGEST."""
    return _poster_size(max(width, -(-height * 2 // 3)))


def placed(width: int, height: int, canvas: tuple[int, int]) -> Box:
    """Where a picture stands on a canvas: as large as fits, in the middle."""
    scale = min(canvas[0] / width, canvas[1] / height)
    shown = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Box((canvas[0] - shown[0]) // 2, (canvas[1] - shown[1]) // 2, *shown)


def _poster_size(width: int) -> tuple[int, int]:
    half = max(1, min(width, LARGEST[0]) // 2)
    return half * 2, half * 3


def make(fit: str, cover: bytes, most: int) -> bytes:
    """The cover by one of the fits, as JPEG; one of that shape and at most `most` bytes stays. Raises CannotMake."""
    try:
        from PIL import Image  # noqa: PLC0415 - only where the setting is used, and only importable then
    except ImportError as error:
        raise CannotMake(f"Pillow does not load ({error})") from error
    try:
        # We have a bound of our own, and whoever starts us reads stderr.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(cover), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise CannotMake(f"it has {picture.width} by {picture.height} pixels")
            return _smaller(cover, picture, most) if fit == SMALLER else _poster(fit, cover, picture, most)
    except (ImportError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise CannotMake(str(error)) from error


def _poster(fit: str, cover: bytes, picture: Image, most: int) -> bytes:
    upright = _upright(picture)
    width, height = upright.size
    if width * 3 == height * 2 and len(cover) <= most:
        return cover
    if fit == CROP:
        return _as_jpeg(_part(upright, cropped(width, height)))
    canvas = _blurred(upright, canvas_around(width, height)) if fit == BLURRED else _black(canvas_around(width, height))
    place = placed(width, height, canvas.size)
    canvas.paste(_scaled(upright, (place.width, place.height)), (place.left, place.top))
    return _as_jpeg(canvas)


def _smaller(cover: bytes, picture: Image, most: int) -> bytes:
    if len(cover) <= most:
        return cover
    upright = _upright(picture)
    for edge in EDGES:
        scale = min(1.0, edge / max(upright.size))
        made = _as_jpeg(_scaled(upright, (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))))
        if len(made) <= most:
            return made
    raise CannotMake(f"it is still too large with {EDGES[-1]} pixels")


def _upright(picture: Image) -> Image:
    """The first picture, as it is meant to be seen, on black where it can be seen through."""
    from PIL import ImageOps  # noqa: PLC0415 - see make

    turned = ImageOps.exif_transpose(picture)
    if not turned.has_transparency_data:
        return turned.convert("RGB")
    with_alpha = turned.convert("RGBA")
    whole = _black(with_alpha.size)
    whole.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return whole


def _part(picture: Image, box: Box) -> Image:
    part = picture.crop((box.left, box.top, box.left + box.width, box.top + box.height))
    return _scaled(part, _poster_size(box.width))


def _blurred(picture: Image, size: tuple[int, int]) -> Image:
    """A background out of the picture itself."""
    from PIL import ImageEnhance, ImageFilter  # noqa: PLC0415 - see make

    small = _scaled(_part(picture, cropped(*picture.size)), (BLURRED_WIDTH, BLURRED_WIDTH * 3 // 2))
    soft = small.filter(ImageFilter.GaussianBlur(BLUR))
    return _scaled(ImageEnhance.Brightness(soft).enhance(DIMMED), size)


def _black(size: tuple[int, int]) -> Image:
    from PIL import Image as images  # noqa: PLC0415, N813 - see make

    return images.new("RGB", size)


def _scaled(picture: Image, size: tuple[int, int]) -> Image:
    from PIL import Image as images  # noqa: PLC0415, N813 - see make

    return picture if picture.size == size else picture.resize(size, images.Resampling.LANCZOS)


def _as_jpeg(picture: Image) -> bytes:
    """Nothing but the picture: no time and no profile, so that the bytes are the same each time."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0, progressive=False, optimize=False)
    return buffer.getvalue()
