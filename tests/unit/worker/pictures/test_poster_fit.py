"""How a cover becomes a poster: the geometry as a table, and what comes out of real pictures."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.support.covers import cover_of, decoded, encoded, heavy_cover
from worker.pictures.poster_fit import LARGEST, Box, CannotMake, canvas_around, cropped, make, placed

MOST = 10_480_000
FITS = ("letterbox", "blur", "crop")
SIZES = st.tuples(st.integers(1, 8000), st.integers(1, 8000))


@pytest.mark.parametrize(
    ("size", "part"),
    [
        ((1920, 1080), Box(600, 0, 720, 1080)),
        ((1280, 720), Box(400, 0, 480, 720)),
        ((640, 360), Box(200, 0, 240, 360)),
        ((641, 360), Box(200, 0, 240, 360)),
        ((640, 480), Box(160, 0, 320, 480)),
        ((1000, 1000), Box(166, 0, 667, 1000)),
        ((1000, 1500), Box(0, 0, 1000, 1500)),
        ((1080, 1920), Box(0, 150, 1080, 1620)),
        ((100, 1000), Box(0, 425, 100, 150)),
        ((3, 1), Box(1, 0, 1, 1)),
        ((1, 1), Box(0, 0, 1, 1)),
        ((1, 3), Box(0, 0, 1, 2)),
    ],
)
def test_what_is_cut_out(size: tuple[int, int], part: Box) -> None:
    assert cropped(*size) == part


@pytest.mark.parametrize(
    ("size", "canvas", "place"),
    [
        ((1920, 1080), (1000, 1500), Box(0, 469, 1000, 562)),
        ((1280, 720), (1000, 1500), Box(0, 469, 1000, 562)),
        ((640, 360), (640, 960), Box(0, 300, 640, 360)),
        ((1000, 1500), (1000, 1500), Box(0, 0, 1000, 1500)),
        ((1080, 1920), (1000, 1500), Box(78, 0, 844, 1500)),
        ((400, 900), (600, 900), Box(100, 0, 400, 900)),
        ((1, 1), (2, 3), Box(0, 0, 2, 2)),
    ],
)
def test_where_a_whole_cover_stands(size: tuple[int, int], canvas: tuple[int, int], place: Box) -> None:
    assert canvas_around(*size) == canvas
    assert placed(*size, canvas) == place


@given(SIZES)
def test_a_part_is_in_the_middle_and_as_large_as_it_can_be(size: tuple[int, int]) -> None:
    width, height = size
    part = cropped(width, height)
    assert part.left >= 0 and part.left + part.width <= width
    assert part.top >= 0 and part.top + part.height <= height
    assert abs(width - part.width - 2 * part.left) <= 1
    assert abs(height - part.height - 2 * part.top) <= 1
    assert part.width == width or part.height == height
    assert abs(part.width * 3 - part.height * 2) <= 3


@given(SIZES)
def test_a_canvas_is_two_to_three_and_holds_the_whole_cover(size: tuple[int, int]) -> None:
    canvas = canvas_around(*size)
    assert canvas[0] * 3 == canvas[1] * 2
    assert canvas <= LARGEST
    place = placed(*size, canvas)
    assert place.left >= 0 and place.left + place.width <= canvas[0]
    assert place.top >= 0 and place.top + place.height <= canvas[1]
    assert canvas[0] - place.width <= 1 or canvas[1] - place.height <= 1


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(1280, 720), (320, 180), (500, 500), (300, 900), (3, 2)])
def test_every_fit_makes_a_poster(fit: str, size: tuple[int, int]) -> None:
    poster = decoded(make(fit, cover_of(size), MOST))
    assert poster.width * 3 == poster.height * 2
    assert poster.size <= LARGEST


@pytest.mark.parametrize("fit", FITS)
def test_the_same_cover_gives_the_same_bytes_and_another_one_others(fit: str) -> None:
    assert make(fit, cover_of(), MOST) == make(fit, cover_of(), MOST)
    assert make(fit, cover_of(), MOST) != make(fit, cover_of(seed=2), MOST)


def test_each_fit_shows_something_else() -> None:
    posters = {fit: decoded(make(fit, cover_of(), MOST)) for fit in FITS}
    assert posters["letterbox"].getpixel((500, 10)) == (0, 0, 0)
    assert posters["blur"].getpixel((500, 10)) != (0, 0, 0)
    assert posters["crop"].size == (480, 720)
    middle = [posters[fit].getpixel((250, 900)) for fit in ("letterbox", "blur")]
    assert middle[0] == middle[1]


@pytest.mark.parametrize("fit", FITS)
def test_a_cover_that_is_a_poster_stays(fit: str) -> None:
    cover = cover_of((600, 900))
    assert make(fit, cover, MOST) is cover


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("GIF", "L"), ("WEBP", "RGB"), ("PNG", "LA"), ("JPEG", "CMYK")]
)
def test_every_kind_that_stash_takes(kind: str, mode: str) -> None:
    assert decoded(make("letterbox", cover_of(kind=kind, mode=mode), MOST)).size == (1000, 1500)


def test_a_turned_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees (Exif 2.32, Orientation)
    turned = decoded(make("crop", encoded(decoded(cover_of((600, 300))), exif=exif), MOST))
    assert turned.size == (300, 450)


@pytest.mark.parametrize("fit", [*FITS, "smaller"])
def test_too_large_a_cover_fits(fit: str) -> None:
    cover = heavy_cover((1600, 900))
    most = 1_500_000
    assert len(cover) > most
    assert len(make(fit, cover, most)) <= most


def test_a_small_one_stays_as_it_is() -> None:
    cover = cover_of()
    assert make("smaller", cover, MOST) is cover


@pytest.mark.parametrize("cover", [b"", b"no picture", cover_of()[:200], b"<svg/>"])
@pytest.mark.parametrize("fit", [*FITS, "smaller"])
def test_what_is_no_picture_is_told(fit: str, cover: bytes) -> None:
    with pytest.raises(CannotMake):
        make(fit, cover, 1)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 5_001)])
def test_what_would_take_much_memory_is_told(size: tuple[int, int]) -> None:
    bomb = encoded(Image.new("1", size), "PNG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CannotMake, match="pixels"):
            make("crop", bomb, MOST)
