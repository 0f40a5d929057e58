"""Thumbnails show what the picture shows, small."""

import io

import pytest
from PIL import Image

from shared.embedding.images import PictureError
from tests.conftest import encode, noise_picture
from training.pictures.thumbnails import thumbnail


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "WEBP"
    return picture.convert("RGB")


def halves(width: int, height: int) -> Image.Image:
    """Red on top of blue."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width, height // 2))
    return picture


@pytest.mark.parametrize(("size", "expected"), [((400, 100), (100, 25)), ((100, 400), (10, 40)), ((30, 20), (30, 20))])
def test_it_fits_the_box_keeps_its_shape_and_never_grows(size: tuple[int, int], expected: tuple[int, int]) -> None:
    made = thumbnail(encode(noise_picture(1, size)), (100, 40), 70)
    assert (made.width, made.height) == expected
    assert opened(made.content).size == expected


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_it_stands_upright_and_fits_the_box_then(format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned: the top is at the left
    stored = halves(80, 120).transpose(Image.Transpose.ROTATE_90)
    made = thumbnail(encode(stored, format, exif=exif), (40, 60), 90)
    assert (made.width, made.height) == (40, 60)
    assert opened(made.content).getpixel((20, 5)) == pytest.approx((255, 0, 0), abs=12)
    assert opened(made.content).getpixel((20, 55)) == pytest.approx((0, 0, 255), abs=12)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "P", "I;16"])
def test_every_mode_becomes_a_picture_that_browsers_show(mode: str) -> None:
    grey = noise_picture(3).convert("L")
    picture = Image.new("I;16", grey.size) if mode == "I;16" else grey.convert(mode)
    format = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(thumbnail(encode(picture, format), (32, 32), 70).content).size == (32, 24)


def test_transparency_lies_on_white() -> None:
    made = thumbnail(encode(Image.new("RGBA", (20, 20), (0, 0, 0, 0))), (20, 20), 90)
    assert opened(made.content).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("content", [b"", b"no picture", encode(noise_picture(1), "JPEG")[:300]])
def test_what_is_not_a_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PictureError):
        thumbnail(content, (32, 32), 70)


def test_the_file_itself_never_gets_through() -> None:
    comment = b"<script>alert(1)</script>"
    made = thumbnail(encode(noise_picture(1), "JPEG", comment=comment), (32, 32), 70)
    assert comment not in made.content
