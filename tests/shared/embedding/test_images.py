import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.embedding.images import PictureError, fit, read_picture
from tests.conftest import PROJECT, encode, noise_picture
from tests.soak.pictures import iptc

RED = (200, 30, 20)


def solid(mode: str, colour: object, size: tuple[int, int] = (8, 6)) -> Image.Image:
    return Image.new(mode, size, colour)  # pyright: ignore[reportArgumentType] - a colour's type depends on the mode


@pytest.mark.parametrize(
    ("picture", "format", "expected"),
    [
        (solid("RGB", RED), "PNG", RED),
        (solid("L", 77), "PNG", (77, 77, 77)),
        (solid("LA", (0, 0)), "PNG", (255, 255, 255)),
        (solid("LA", (0, 255)), "PNG", (0, 0, 0)),
        (solid("P", 0), "GIF", (0, 0, 0)),
        (solid("RGBA", (*RED, 0)), "PNG", (255, 255, 255)),
        (solid("RGBA", (0, 0, 0, 51)), "PNG", (204, 204, 204)),
        (solid("RGBA", (*RED, 255)), "WEBP", RED),
        (solid("CMYK", (0, 0, 0, 0)), "TIFF", (255, 255, 255)),
        (solid("CMYK", (0, 0, 0, 255)), "JPEG", (0, 0, 0)),
        (solid("1", 1), "PNG", (255, 255, 255)),
        (solid("I;16", 65535), "PNG", (255, 255, 255)),
        (solid("I;16", 257 * 40), "TIFF", (40, 40, 40)),
        (solid("I", 65535), "TIFF", (255, 255, 255)),
        (solid("F", 0.5), "TIFF", (128, 128, 128)),
        (solid("YCbCr", (255, 128, 128)), "TIFF", (255, 255, 255)),
        (solid("LAB", (255, 128, 128)), "TIFF", (255, 255, 255)),
    ],
    ids=lambda value: getattr(value, "mode", str(value)),
)
def test_every_mode_becomes_rgb(picture: Image.Image, format: str, expected: tuple[int, int, int]) -> None:
    read = read_picture(encode(picture, format))
    assert read.mode == "RGB"
    assert read.size == picture.size
    assert np.abs(np.asarray(read, dtype=int) - expected).max() <= 6  # JPEG, WebP and colour management round


def test_palette_transparency_is_white() -> None:
    picture = solid("P", 0)
    picture.putpalette([10, 20, 30])
    assert read_picture(encode(picture, "PNG", transparency=0)).getpixel((0, 0)) == (255, 255, 255)


def test_rgb_colour_key_transparency_is_white() -> None:
    assert read_picture(encode(solid("RGB", RED), "PNG", transparency=RED)).getpixel((0, 0)) == (255, 255, 255)


def test_dark_16_bit_pictures_keep_their_contrast() -> None:
    values = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    read = np.asarray(read_picture(encode(Image.fromarray(values))))[..., 0]
    assert read.min() == 0
    assert read.max() == 255
    assert len(np.unique(read)) == 256


def test_first_frame_of_an_animation() -> None:
    frames = [solid("RGB", RED), solid("RGB", (0, 0, 255))]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert read_picture(data).getpixel((0, 0)) == RED


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_exif_orientation_is_applied(mode: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: turn by 90 degrees
    assert read_picture(encode(noise_picture(1, (60, 40)).convert(mode), "JPEG", exif=exif)).size == (40, 60)


def test_junk_exif_is_ignored() -> None:
    data = encode(noise_picture(1), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert read_picture(data).size == (64, 48)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
def test_truncated_pictures_are_errors(format: str) -> None:
    data = encode(noise_picture(3, (200, 160)), format)
    with pytest.raises(PictureError):
        read_picture(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "empty"), (b"not a picture", "not a picture"), (b"BM", "BMP picture, but damaged")]
)
def test_other_bytes_are_errors(data: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        read_picture(data)


def test_postscript_is_refused() -> None:
    with pytest.raises(PictureError, match="PostScript"):
        read_picture(encode(noise_picture(1), "EPS"))


def test_postscript_reaches_no_interpreter_whatever_holds_it(tmp_path: Path) -> None:
    canary, postscript = tmp_path / "canary", tmp_path / "picture.eps"
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\n: > {canary}\n")
    ghostscript.chmod(0o755)
    postscript.write_bytes(encode(noise_picture(1), "EPS"))
    load = """
import sys
from PIL import Image
if sys.argv[2] == "ours":
    import shared.embedding.images
try:
    Image.open(sys.argv[1]).load()
except Exception as error:
    print(error)
"""
    environment = {"PATH": str(tmp_path)}
    for whose, called in (("ours", False), ("Pillow's", True)):
        command = [sys.executable, "-c", load, str(postscript), whose]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
        assert canary.exists() is called, whose


def test_a_container_that_hides_another_picture_is_refused() -> None:
    with pytest.raises(PictureError, match="IPTC"):
        read_picture(iptc(encode(noise_picture(1), "EPS")))


@pytest.mark.parametrize("format", ["QOI", "DDS"])
def test_a_large_picture_that_is_decoded_in_python_is_refused(format: str) -> None:
    with pytest.raises(PictureError, match=f"over the limit of 4,000,000 for {format} files .* save it as PNG"):
        read_picture(encode(Image.new("RGB", (2001, 2000)), format))


def test_a_large_picture_whose_decoder_takes_much_memory_is_refused() -> None:
    data = encode(Image.new("L", (7000, 6000)), "WEBP", method=0)
    with pytest.raises(PictureError, match="over the limit of 40,000,000 for WEBP, which takes much memory"):
        read_picture(data)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = encode(noise_picture(1, (2000, 2000)), "JPEG", progressive=True)
    assert read_picture(data).size == (2000, 2000)
    last_scan = data[data.rfind(b"\xff\xda") : -2]
    with pytest.raises(PictureError, match="610 scans of 2000 x 2000 pixels"):
        read_picture(data[:-2] + 600 * last_scan + data[-2:])


def test_a_file_of_endless_pieces_is_refused() -> None:
    data = encode(noise_picture(1), "JPEG")
    with pytest.raises(PictureError, match="too many pieces"):
        read_picture(data[:2] + 1_000_000 * b"\xff\xed\x00\x02" + data[2:])


def test_a_jpeg_in_a_tiff_may_have_a_scan_for_each_strip() -> None:
    data = encode(noise_picture(1, (600, 6000)), "TIFF", compression="jpeg")
    assert data.count(b"\xff\xda") > 25
    assert read_picture(data).size == (600, 6000)


# Each case in a process of its own: a peak can't be taken back. Bytes for each pixel, beside the file itself: Pillow's
# RGB takes 4, so one copy is 4 and a conversion from anything but greyscale 8.
@pytest.mark.parametrize(
    ("mode", "format", "most"), [("RGB", "PNG", 5), ("RGBA", "PNG", 9), ("CMYK", "TIFF", 9), ("I;16", "PNG", 8)]
)
def test_a_large_picture_is_held_once(mode: str, format: str, most: int, tmp_path: Path) -> None:
    side = 4000
    path = tmp_path / "large"
    path.write_bytes(encode(Image.new(mode, (side, side)), format))
    measure = """
import sys
from pathlib import Path
from shared.embedding.images import read_picture

def peak():
    return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

content = Path(sys.argv[1]).read_bytes()
before = peak()
read_picture(content)
print(peak() - before)
"""
    run = subprocess.run([sys.executable, "-c", measure, str(path)], cwd=PROJECT, check=True, capture_output=True)
    assert int(run.stdout) < most * side * side


def test_running_out_of_memory_is_reported() -> None:
    starve = """
import io, resource
from PIL import Image
from shared.embedding.images import PictureError, read_picture

file = io.BytesIO()
Image.new("RGB", (8000, 8000)).save(file, "PNG")
used = 4096 * int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000, -1))
try:
    read_picture(file.getvalue())
except PictureError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", starve], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert run.stdout == "there is not enough memory to decode it\n"


def test_too_many_pixels_are_refused_before_decoding() -> None:
    with pytest.raises(PictureError, match="101 x 100 pixels, over the limit of 10,000"):
        read_picture(encode(Image.new("L", (101, 100))), max_pixels=10_000)


def test_a_bomb_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    with pytest.raises(PictureError, match="30000 x 30000 pixels, over the limit of 89,478,485"):
        read_picture(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b""))


@pytest.mark.parametrize(("size", "expected"), [((2000, 1500), (500, 375)), ((600, 500), (600, 500))])
def test_a_large_jpeg_is_decoded_smaller(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert read_picture(encode(noise_picture(1, size), "JPEG"), at_least=300).size == expected


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_large_jpeg_keeps_its_colours_when_decoded_smaller(mode: str) -> None:
    data = encode(noise_picture(1, (1600, 1200)).convert(mode), "JPEG", quality=95)
    small, whole = read_picture(data, at_least=200), read_picture(data)
    assert small.size == (400, 300)
    assert np.abs(np.asarray(whole.resize(small.size), dtype=int) - np.asarray(small)).mean() < 2


def test_point_resize_samples_without_antialiasing() -> None:
    """Against the definition of OpenCV's INTER_LINEAR: pixel centres mapped, four neighbours, edges clamped."""
    source = np.asarray(noise_picture(5, (500, 300)), dtype=np.float64)
    size = 240

    def positions(length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        centre = (np.arange(size) + 0.5) * length / size - 0.5
        low = np.floor(centre).astype(int)
        return np.clip(low, 0, length - 1), np.clip(low + 1, 0, length - 1), centre - low

    top, bottom, down = positions(300)
    left, right, across = positions(500)
    down, across = down[:, None, None], across[None, :, None]
    expected = (source[top][:, left] * (1 - across) + source[top][:, right] * across) * (1 - down) + (
        source[bottom][:, left] * (1 - across) + source[bottom][:, right] * across
    ) * down
    found = fit(Image.fromarray(source.astype(np.uint8)), size, "point").astype(np.float64)
    assert np.abs(found - expected).max() <= 1.5


def test_antialias_moves_little_when_the_picture_arrives_smaller() -> None:
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (960, 960, 3), dtype=np.uint8))
    smaller = picture.resize((480, 480), Image.Resampling.BOX)

    def moved(resize: str) -> float:
        large, small = (fit(each, 240, resize).astype(float) for each in (picture, smaller))  # pyright: ignore[reportArgumentType]
        return float(np.abs(large - small).mean())

    assert moved("antialias") < 0.2 * moved("point")


def test_fit_gives_the_embedders_shape() -> None:
    assert fit(noise_picture(1), 240, "antialias").shape == (240, 240, 3)
