"""docs/pictures.md names what is read and what is not: each name has a file here that is, or is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.embedding.images import PictureError, read_picture
from tests.conftest import encode, noise_picture
from tests.soak.pictures import seeds

PAGE = (Path(__file__).parents[4] / "docs/pictures.md").read_text(encoding="utf-8")

# The first words of the damaged files' originals, by the name that the page has for the format.
READ = {
    "JPEG": ("JPEG ",),
    "MPO": ("MPO ",),
    "PNG": ("PNG ",),
    "APNG": ("PNG frames",),
    "GIF": ("GIF ",),
    "WebP": ("WEBP ",),
    "BMP": ("BMP ",),
    "ICO": ("ICO ",),
    "PNM": ("PPM ",),
    "QOI": ("QOI ",),
    "JPEG 2000": ("JPEG2000 ",),
    "DDS": ("DDS ",),
    "Pillow's other formats": ("BLP", "CUR", "DCX", "DIB", "FLI", "FTEX", "GBR", "ICNS", "IM ", "IMT", "MCIDAS", "MSP",
                               "PCD", "PCX", "PIXAR", "SGI", "SPIDER", "SUN", "TGA", "XBM", "XPM", "XVThumb"),
    "AVIF": ("AVIF ",),
    "HEIC": ("HEIC ",),
    "HEIF": ("HEIC ",),
    "TIFF": ("TIFF ",),
    "BigTIFF": (),
    "PSD": ("PSD",),
    "PSB": (),
    "camera raw": (),
}  # fmt: skip
MADE = {
    "BigTIFF": lambda: encode(noise_picture(1), "TIFF", big_tiff=True),
    "PSB": lambda: b"8BPS\0\2" + bytes(6) + b"\0\3\0\0\0\1\0\0\0\1\0\x08\0\3" + bytes(18) + b"\1\2\3",
    "camera raw": lambda: b"IIRO\x08\0\0\0" + bytes(64) + encode(noise_picture(1, (640, 480)), "JPEG"),
}
FITS_CARDS = ("SIMPLE  = T", "BITPIX  = 16", "NAXIS   = 2", "NAXIS1  = 4", "NAXIS2  = 2", "END")
REFUSED = {
    "FITS of more than 8 bits": "".join(f"{card:80}" for card in FITS_CARDS).ljust(2880).encode() + bytes(2880),
    "PAM": b"P7\nWIDTH 1\nHEIGHT 1\n",
    "PFM in colour": b"PF\n2 1\n-1.0\n" + bytes(24),
    "DPX": b"SDPX" + bytes(60),
    "JPEG XL": b"\xff\x0a" + bytes(60),
    "JPEG XR": b"II\xbc\x01" + bytes(60),
    "OpenEXR": b"\x76\x2f\x31\x01" + bytes(60),
    "Radiance HDR": b"#?RADIANCE\n",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "PDF": b"%PDF-1.7",
    "PostScript": b"%!PS-Adobe-3.0",
    "DICOM": bytes(128) + b"DICM" + bytes(60),
    "DjVu": b"AT&TFORM" + bytes(60),
    "XCF": b"gimp xcf v011" + bytes(60),
    "PNG in Apple's own variant for apps (CgBI)": b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI\x50\0\x20\6" + bytes(60),
    "video": b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
}
KINDS_OF_TIFF = ("LogLuv and complex TIFF", "JPEG TIFF of 12 bits")  # tests/shared/embedding/decoding/test_tiff.py


def names_read() -> list[str]:
    rows = re.findall(r"^\| ([^|]+) \|", PAGE.split("\n## ")[0], re.MULTILINE)[1:]
    return [name.strip() for row in rows for name in re.split(r",| and ", re.sub(r"\(.*\)", "", row))]


def names_refused() -> list[str]:
    listed = re.search(r"refused by name: (.*?)\.\n", PAGE, re.DOTALL)
    assert listed
    return [name.strip() for name in listed[1].replace("\n", " ").split(",")]


def test_every_name_on_the_page_has_a_file_here() -> None:
    assert set(names_read()) == set(READ)
    assert set(names_refused()) == {*REFUSED, *KINDS_OF_TIFF}


@pytest.mark.filterwarnings("ignore:IM image format is deprecated")
@pytest.mark.parametrize("name", READ)
def test_what_the_page_says_is_read_is_read(name: str) -> None:
    files = [data for seed, data in seeds().items() if READ[name] and seed.startswith(READ[name])]
    files += [MADE[name]()] if name in MADE else []
    assert files
    for data in files:
        assert min(read_picture(data).size) > 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_page_says_is_not_read_is_called_by_its_name(name: str) -> None:
    with pytest.raises(PictureError, match=re.escape(re.sub("^PNG in | of more.*| in colour", "", name))):
        read_picture(REFUSED[name])
