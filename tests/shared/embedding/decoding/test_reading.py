"""Files with a blemish, and what must not be taken for something else."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.images import PictureError, read_picture
from tests.conftest import encode, noise_picture

PICTURE = noise_picture(1, (120, 90))
SMOOTH = noise_picture(2, (6, 5)).resize((120, 90), Image.Resampling.BICUBIC)
TGA_PIXELS = np.dstack([np.asarray(PICTURE), np.asarray(noise_picture(4, (120, 90)).convert("L"))])


CARDS = ("SIMPLE  = T", "BITPIX  = 16", "NAXIS   = 2", "NAXIS1  = 4", "NAXIS2  = 2", "END")
FITS = "".join(f"{card:80}" for card in CARDS).ljust(2880).encode()


def pixels(picture: Image.Image) -> NDArray[np.int_]:
    return np.asarray(picture, dtype=int)


def chunk(kind: bytes, content: bytes, *, crc: int | None = None) -> bytes:
    crc = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def png(depth: int, colours: int, rows: bytes, *chunks: bytes, size: tuple[int, int] = (4, 2)) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes_is_read_whole(progressive: bool) -> None:
    data = encode(SMOOTH, "JPEG", progressive=progressive)
    warnings: list[str] = []
    assert np.array_equal(pixels(read_picture(data[:-2], warn=warnings.append)), pixels(read_picture(data)))
    assert warnings == []


def test_a_jpeg_that_lacks_some_rows_is_read_with_a_warning() -> None:
    data = encode(noise_picture(1, (64, 400)), "JPEG")
    warnings: list[str] = []
    read = read_picture(data[:-150], warn=warnings.append)
    assert np.array_equal(pixels(read)[:360], pixels(read_picture(data))[:360])
    assert len(warnings) == 1
    assert "rows are missing: the file was cut short" in warnings[0]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.75])
def test_a_jpeg_that_was_cut_in_the_middle_is_an_error(kept: float, progressive: bool) -> None:
    data = encode(PICTURE, "JPEG", progressive=progressive)
    with pytest.raises(PictureError, match="cut short"):
        read_picture(data[: int(kept * len(data))])


@pytest.mark.parametrize(
    "blemish",
    [
        chunk(b"tEXt", b"Comment\0hello", crc=1),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"tRNS", b"\0\1\0\2\0\3", crc=1),
    ],
    ids=["text with a wrong CRC", "large profile", "large text", "transparency with a wrong CRC"],
)
def test_a_png_may_have_blemishes_beside_its_pixels(blemish: bytes) -> None:
    data = encode(PICTURE)
    assert np.array_equal(pixels(read_picture(data[:33] + blemish + data[33:])), pixels(PICTURE))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_bytes_after_the_picture_are_nothing(format: str) -> None:
    data = encode(SMOOTH, format)
    assert np.array_equal(pixels(read_picture(data + b"trailing bytes" * 500)), pixels(read_picture(data)))


def test_a_transparent_grey_of_16_bits_is_white_and_no_other() -> None:
    rows = b"".join(b"\0" + np.array(row, ">u2").tobytes() for row in ([300, 301, 299, 300], [0, 65535, 300, 40_000]))
    read = pixels(read_picture(png(16, 0, rows, chunk(b"tRNS", struct.pack(">H", 300)))))[..., 0]
    assert read.tolist() == [[255, 1, 1, 255], [0, 255, 255, 156]]


def test_a_transparent_colour_of_16_bits_is_white_and_no_other() -> None:
    colours = np.full((2, 4, 3), (1000, 2000, 3000), ">u2")
    colours[0, 0, 2] += 1  # the same in its first byte
    rows = b"".join(b"\0" + row.tobytes() for row in colours)
    read = pixels(read_picture(png(16, 2, rows, chunk(b"tRNS", struct.pack(">3H", 1000, 2000, 3000)))))
    assert read[0, 0].tolist() == [3, 7, 11]
    assert (read.reshape(-1, 3)[1:] == 255).all()


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_transparent_grey_of_few_bits_is_white(depth: int) -> None:
    rows = b"\0" * 2 * (1 + depth * 8 // 8)
    read = read_picture(png(depth, 0, rows, chunk(b"tRNS", b"\0\0"), size=(8, 2)))
    assert (pixels(read) == 255).all()
    grey = 1 << depth - 1
    row = b"\0" + np.packbits([int(bit) for bit in f"{grey:0{depth}b}" * 8]).tobytes()
    assert (pixels(read_picture(png(depth, 0, row * 2, chunk(b"tRNS", bytes([0, grey])), size=(8, 2)))) == 255).all()


@pytest.mark.parametrize(("attributes", "white_behind"), [(0, False), (8, True)])
def test_the_fourth_byte_of_a_tga_is_alpha_where_the_file_says_so(attributes: int, white_behind: bool) -> None:
    height, width, _ = TGA_PIXELS.shape
    header = struct.pack("<BBB5xHHHHBB", 0, 0, 2, 0, 0, width, height, 32, 0x20 | attributes)
    read = pixels(read_picture(header + TGA_PIXELS[..., [2, 1, 0, 3]].tobytes()))
    alpha = TGA_PIXELS[..., 3:] / 255
    shown = TGA_PIXELS[..., :3] * alpha + 255 * (1 - alpha) if white_behind else TGA_PIXELS[..., :3]
    assert np.abs(read - shown).max() <= 2


def test_the_bits_that_are_set_in_an_xbm_are_black() -> None:
    xbm = b"#define x_width 8\n#define x_height 1\nstatic char x_bits[] = {\n0x0f };\n"
    assert pixels(read_picture(xbm))[0, :, 0].tolist() == [0] * 4 + [255] * 4


def test_an_icns_of_palette_colours_keeps_them() -> None:
    few_colours = Image.new("P", (64, 64), 1)
    few_colours.putpalette([0, 0, 0, 200, 30, 90])
    few_colours.paste(0, (0, 0, 32, 64))
    read = read_picture(encode(few_colours, "ICNS", append_images=[few_colours])).resize((64, 64))
    assert np.abs(pixels(read) - pixels(few_colours.convert("RGB"))).mean() < 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 ...", "it is a PDF document, which can't be read"),
        (b"\0\0\0\x0cJXL \r\n\x87\n....", "a JPEG XL picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a video .MP4 or QuickTime."),
        (b"\x76\x2f\x31\x01....", "an OpenEXR picture"),
        (b"PF\n2 1\n-1.0\n" + bytes(24), "a PFM picture in colour"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\n...", "a PAM picture"),
        (FITS + bytes(2880), "a FITS picture of more than 8 bits"),
        (b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", b"\x50\0\x20\6"), "Apple's own variant"),
        (b"BUFR" + bytes(60), "BUFR weather data, which can't be read"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "an HDF5 data file, which can't be read"),
        (b"\0\0\1\xb3" + bytes(60), "a video .MPEG., which can't be read"),
        (b"FUJIFILMCCD-RAW 0201", "raw picture without an embedded preview"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged or cut short"),
    ],
)
def test_what_is_not_read_is_called_by_its_name(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        read_picture(data)


@pytest.mark.parametrize("head", [b"FUJIFILMCCD-RAW 0201FF", b"IIRO\x08\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"])
def test_a_raw_picture_is_its_largest_preview(head: bytes) -> None:
    large, small = (encode(SMOOTH.resize(size), "JPEG") for size in ((800, 600), (160, 120)))
    assert read_picture(head + bytes(64) + small + bytes(64) + large + bytes(64)).size == (800, 600)
    with pytest.raises(PictureError, match="without an embedded preview that is large enough"):
        read_picture(head + bytes(64) + small)


def test_a_dng_is_its_preview_and_not_its_thumbnail() -> None:
    from tests.shared.embedding.decoding.tiff_files import tiff

    thumbnail = tiff(np.zeros((12, 16, 3), np.uint8), 2, tags={254: 1, 330: 8, 274: 6, 50706: [1, 4, 0, 0]})
    assert read_picture(thumbnail + encode(SMOOTH.resize((800, 600)), "JPEG")).size == (600, 800)
