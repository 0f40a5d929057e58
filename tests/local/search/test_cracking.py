"""Document cracking: upright, at most 2000 x 2000, JPEG, base64, with the documented members."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from local.search.cracking import UnprocessableError, UnsupportedContentError, crack
from tests.conftest import encode, noise_picture


def normalized(data: bytes, name: str = "a.jpg") -> tuple[dict[str, object], Image.Image]:
    (image,) = crack(name, "image/jpeg", data).normalized_images
    picture = Image.open(io.BytesIO(base64.b64decode(str(image["data"]))))
    return image, picture


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_every_format_becomes_a_jpeg(format: str) -> None:
    image, picture = normalized(encode(noise_picture(1), format), f"a.{format.lower()}")
    assert picture.format == "JPEG"
    assert picture.size == (image["width"], image["height"]) == (64, 48)
    assert image["rotationFromOriginal"] == image["contentOffset"] == image["pageNumber"] == 0


def test_large_pictures_become_smaller() -> None:
    image, picture = normalized(encode(noise_picture(1, (3000, 500)), "JPEG"))
    assert picture.size == (2000, 333)
    assert (image["originalWidth"], image["originalHeight"]) == (3000, 500)


def test_pictures_are_scaled_to_what_the_indexer_asks_for() -> None:
    (image,) = crack("a.jpg", "image/jpeg", encode(noise_picture(1, (100, 80))), (60, 40)).normalized_images
    assert (image["width"], image["height"]) == (50, 40)


@pytest.mark.parametrize(("orientation", "degrees"), [(1, 0), (2, 0), (3, 180), (6, 270), (8, 90)])
def test_rotated_pictures_are_turned_upright(orientation: int, degrees: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, picture = normalized(encode(noise_picture(1, (80, 60)), "JPEG", exif=exif))
    assert image["rotationFromOriginal"] == degrees
    assert picture.size == ((60, 80) if degrees in {90, 270} else (80, 60))
    assert not picture.getexif()


def test_transparency_and_other_modes() -> None:
    _, picture = normalized(encode(Image.new("RGBA", (8, 8), (255, 0, 0, 0))), "a.png")
    assert picture.mode == "RGB"
    assert picture.getpixel((4, 4)) == (255, 255, 255)


def test_text_has_content_and_no_pictures() -> None:
    cracked = crack("a.txt", "text/plain", "Grüße".encode())
    assert (cracked.content, cracked.normalized_images) == ("Grüße", [])


def test_unreadable_files_have_a_reason() -> None:
    whole = encode(noise_picture(1), "JPEG")
    with pytest.raises(UnprocessableError):
        crack("a.jpg", "image/jpeg", whole[: len(whole) // 2])
    with pytest.raises(UnprocessableError):
        crack("a.png", "image/png", b"no picture")
    with pytest.raises(UnsupportedContentError, match="application/pdf"):
        crack("a.pdf", "application/pdf", b"%PDF-1.7")
    with pytest.raises(UnsupportedContentError):
        crack("a.webp", "image/webp", encode(noise_picture(1), "WEBP"))
