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
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.images import PictureError, read_picture
from tests.conftest import encode, noise_picture
from tests.shared.embedding.decoding.tiff_files import tiff

IMAGEMAGICK = shutil.which("convert-im6.q16") or shutil.which("magick")
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16")

Image.init()
NOT_PICTURES = {"BUFR", "GRIB", "HDF5", "WMF"}
"""Formats that Pillow passes on to other programs."""
NEVER_READ = {
    "EPS": r"PostScript",
    "PDF": r"a PDF document",
    "PALM": r"not a picture in any known format",  # nothing in a Palm pixmap says what it is
}
FORMATS = sorted({*Image.SAVE, "HEIF"} - NOT_PICTURES - set(NEVER_READ))
BY_ITSELF = {"BLP", "ICNS", "IM", "MSP", "QOI", "SPIDER"}
"""Formats that ImageMagick 6 does not read."""

# Where ImageMagick 6 shows something else, with what speaks for ours. These, like the formats that it does not read,
# are compared with the picture that was written.
DIFFERENT = {
    ("AVIF", "LA"): "it leaves out alpha",
    ("AVIF", "RGBA"): "it leaves out alpha",
    ("HEIF", "LA"): "it leaves out alpha",
    ("HEIF", "RGBA"): "it leaves out alpha",
    ("PCX", "1"): "it takes colours of one bit from a palette that the header does not have",
    ("BMP", "RGBA"): "it takes the byte that BI_RGB reserves for alpha",
    ("DIB", "RGBA"): "it takes the byte that BI_RGB reserves for alpha",
    ("DDS", "LA"): "it does not read grey with alpha",
    ("TGA", "1"): "it does not read black and white",
    ("TGA", "LA"): "it takes grey with alpha for RGB of 16 bits",
    ("JPEG2000", "CMYK"): "it takes four channels for RGB and alpha, whatever the file says",
}
WITHOUT_ALPHA = {"BMP", "DIB", "SPIDER"}
"""Formats that keep no alpha, in Pillow's hands."""
OPTIONS: dict[str, dict[str, object]] = {
    "ICNS": {"append_images": []},
    "ICO": {"sizes": [(48, 40)]},
}
LIMITS = {"AVIF": 4}  # libavif and ImageMagick enlarge halved chroma in different ways

pytestmark = pytest.mark.skipif(IMAGEMAGICK is None, reason="ImageMagick is not installed (Debian: imagemagick)")


def picture(mode: str) -> Image.Image:
    smooth = noise_picture(2, (6, 5)).resize((48, 40), Image.Resampling.BICUBIC)
    if mode == "I;16":
        return Image.fromarray(np.asarray(smooth.convert("L")).astype(np.uint16) * 257)
    converted = smooth.convert(mode)
    if mode in {"LA", "RGBA"}:
        converted.putalpha(smooth.convert("L").rotate(180))
    return converted


def written(format: str, mode: str, size: tuple[int, int]) -> NDArray[np.int_]:
    """The picture as it should come back from a format that may leave out alpha or colour."""
    original = picture(mode)
    if format in WITHOUT_ALPHA and mode != "I;16":
        original = original.convert("L" if format == "SPIDER" else "RGB")
    return np.asarray(read_picture(encode(original.resize(size), "TIFF")), dtype=int)


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


@pytest.mark.filterwarnings("ignore:IM image format is deprecated")
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_what_pillow_and_the_heif_library_write(format: str, mode: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            if format == "HEIF":
                pillow_heif.from_pillow(picture(mode)).save(file, quality=95)
            else:
                picture(mode).save(file, format, **OPTIONS.get(format, {}))
        except (OSError, ValueError, KeyError, NotImplementedError) as error:
            pytest.skip(f"it is not written: {error}")
    if format in BY_ITSELF or (format, mode) in DIFFERENT:
        read = read_picture(file.getvalue())
        assert np.abs(np.asarray(read, dtype=int) - written(format, mode, read.size)).mean() < 3
    else:
        assert difference(file.getvalue(), tmp_path / f"picture.{format.lower()}") < LIMITS.get(format, 3)


@pytest.mark.parametrize(("format", "reason"), NEVER_READ.items())
def test_what_pillow_writes_and_is_never_read(format: str, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        read_picture(encode(picture("P" if format == "PALM" else "RGB"), format))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.float32, np.float64])
@pytest.mark.parametrize("photometric", [1, 2, 5])
def test_deep_tiff(dtype: type, photometric: int, order: str, tmp_path: Path) -> None:
    colour = np.asarray(picture("RGB")) / 255
    values = {1: colour[..., 0], 2: colour, 5: np.dstack([colour, colour[..., 0] / 2])}[photometric]
    scale = 1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    data = tiff((values * scale).astype(dtype), photometric, order=order)  # pyright: ignore[reportArgumentType]
    assert difference(data, tmp_path / "deep.tif") < 1.5
