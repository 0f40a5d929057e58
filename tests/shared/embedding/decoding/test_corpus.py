"""What is read beside what ImageMagick reads: every format that Pillow writes, in every mode.

Where ImageMagick (Debian's package of that name) is not installed, the tests are skipped and say so.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.images import read_picture
from tests.conftest import encode, noise_picture
from tests.shared.embedding.decoding.tiff_files import tiff

IMAGEMAGICK = shutil.which("convert-im6.q16") or shutil.which("magick")
FORMATS = ("BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "SGI", "TGA", "TIFF", "WEBP")
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16")

# Where ImageMagick 6 shows something else, with what speaks for ours; what Pillow wrote is then compared with itself.
DIFFERENT = {
    ("PCX", "1"): "it takes colours of one bit from a palette that the header does not have",
    ("BMP", "RGBA"): "it takes the byte that BI_RGB reserves for alpha",
    ("TGA", "LA"): "it takes grey with alpha for RGB of 16 bits",
    ("JPEG2000", "CMYK"): "it takes four channels for RGB and alpha, whatever the file says",
}

pytestmark = pytest.mark.skipif(IMAGEMAGICK is None, reason="ImageMagick is not installed (Debian: imagemagick)")


def picture(mode: str) -> Image.Image:
    smooth = noise_picture(2, (6, 5)).resize((48, 40), Image.Resampling.BICUBIC)
    if mode == "I;16":
        return Image.fromarray(np.asarray(smooth.convert("L")).astype(np.uint16) * 257)
    converted = smooth.convert(mode)
    if mode in {"LA", "RGBA"}:
        converted.putalpha(smooth.convert("L").rotate(180))
    return converted


def by_imagemagick(path: Path) -> NDArray[np.int_]:
    command = [
        str(IMAGEMAGICK),
        f"{path}[0]",
        "-auto-orient",
        "-colorspace",
        "sRGB",
        "-background",
        "white",
        "-alpha",
        "remove",
    ]
    run = subprocess.run([*command, "-depth", "8", "ppm:-"], check=True, capture_output=True)
    return np.asarray(Image.open(io.BytesIO(run.stdout)).convert("RGB"), dtype=int)


def difference(data: bytes, path: Path) -> float:
    """The mean difference in grey levels."""
    path.write_bytes(data)
    return float(np.abs(np.asarray(read_picture(data), dtype=int) - by_imagemagick(path)).mean())


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_what_pillow_writes(format: str, mode: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            picture(mode).save(file, format, **({"sizes": [(48, 40)]} if format == "ICO" else {}))
        except (OSError, ValueError, KeyError) as error:
            pytest.skip(f"Pillow does not write it: {error}")
    data = file.getvalue()
    if (format, mode) in DIFFERENT:
        shown = picture(mode).convert("RGB") if format == "BMP" else read_picture(encode(picture(mode), "TIFF"))
        expected = np.asarray(shown, dtype=int)
        assert np.abs(np.asarray(read_picture(data), dtype=int) - expected).mean() < 3
    elif (format, mode) != ("TGA", "1"):  # which ImageMagick 6 does not read
        assert difference(data, tmp_path / f"picture.{format.lower()}") < 3


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.float32, np.float64])
@pytest.mark.parametrize("photometric", [1, 2, 5])
def test_deep_tiff(dtype: type, photometric: int, order: str, tmp_path: Path) -> None:
    colour = np.asarray(picture("RGB")) / 255
    values = {1: colour[..., 0], 2: colour, 5: np.dstack([colour, colour[..., 0] / 2])}[photometric]
    scale = 1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    data = tiff((values * scale).astype(dtype), photometric, order=order)  # pyright: ignore[reportArgumentType]
    assert difference(data, tmp_path / "deep.tif") < 1.5
