"""Bytes to pictures: any format and mode Pillow reads becomes upright RGB of the embedder's size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import EpsImagePlugin, Image, ImageCms, ImageFile, ImageOps, TiffImagePlugin

from shared.errors import UserError

type Picture = NDArray[np.uint8]
"""A decoded, resized picture: shape (size, size, 3), RGB, 0 to 255."""

Resize = Literal["antialias", "point"]

# Pillow warns of a possible decompression bomb above this many pixels; 89 megapixels is far beyond any camera phone.
MAX_PIXELS = 89_478_485

# Pillow decodes some rare formats in Python: 0.2 to 1.3 s a megapixel, measured, where libjpeg and libpng need 0.03. At
# the limit above such a picture would hold the interpreter's lock for two minutes; at this one for 5 s.
_MAX_PIXELS_IN_PYTHON = 4_000_000

# While decoded, a picture takes up to 8 bytes a pixel: 716 MB at the limit. Two decoders take 16 and 18, as measured.
_HUNGRY = frozenset({"WEBP", "JPEG2000"})
_MAX_PIXELS_IF_HUNGRY = 40_000_000

# A progressive JPEG is a series of scans, each over the whole picture and each as short as 95 bytes, so that 100 kB
# more cost 40 s at 64 megapixels. Ten scans are usual. This many pixels times scans take some 2 s.
_MAX_SCANNED = 25 * MAX_PIXELS
_START_OF_SCAN = b"\xff\xda"

# Pillow's parsers take a file apart read by read and keep what they find: 8 MB of empty JPEG segments took 4 s and
# 250 MB. Honest pictures need a few reads for every 8 kB or so: 40,000 for the largest that fit into a request.
_MAX_READS = 500_000

_REFUSED = {
    "EPS": "PostScript, which takes an interpreter to read",
    "IPTC": "an IPTC container, which may hold a picture of any format",
}
"""What Pillow would read and we don't, for safety."""

_DEEP_GREYS = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})

_STRIP_PIXELS = 1 << 18
"""Colours are converted in strips of about this many pixels, so that only one copy of a large picture is in memory."""

# Pictures may lie in other pictures' files, where the checks below do not reach. Pillow has checks of its own for
# these: it must refuse what it would only warn of, and hand no PostScript to Ghostscript.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
EpsImagePlugin.gs_binary = False

# Pillow warns of junk that it skips, such as broken EXIF. It is a stranger's picture, and not for our log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class PictureError(UserError):
    """These bytes are not a picture that can be read. The message says why, in words for the picture's owner."""


def read_picture(data: bytes, *, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image.Image:
    """Decode one picture: first frame, EXIF orientation applied, transparency on white, mode RGB.

    Given `at_least`, a large JPEG may be decoded at a half, a quarter or an eighth of its size, as long as both sides
    keep that many pixels. Raises PictureError when the bytes are no picture, are cut short, or hold more than
    max_pixels pixels.
    """
    if not data:
        raise PictureError("it is empty (0 bytes)")
    try:
        return _upright(_decode(data, max_pixels, at_least))
    except PictureError:
        raise
    except Image.UnidentifiedImageError:
        raise PictureError("it is not a picture in any known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"it unpacks to more than {max_pixels:,} pixels") from None
    except MemoryError:
        raise PictureError("there is not enough memory to decode it") from None
    except (
        Exception
    ) as error:  # Pillow's parsers raise whatever broken bytes lead them into: struct.error, KeyError, ...
        raise PictureError(f"it is damaged or cut short ({error or type(error).__name__})") from error


class _MeteredFile(io.BytesIO):
    """A picture's file that is read only so many times."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads_left: float = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._count()
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        self._count()
        return super().readline(size)

    def _count(self) -> None:
        self.reads_left -= 1
        if self.reads_left < 0:
            raise PictureError("it consists of too many pieces to be a picture")


def _decode(data: bytes, max_pixels: int, at_least: int | None) -> Image.Image:
    """The picture as RGB, its full-size original gone from memory."""
    file = _MeteredFile(data)
    with Image.open(file) as opened:
        _check_cost(opened, data, max_pixels)
        if _is_decoded_in_python(opened):
            file.reads_left = inf  # byte by byte, up to the pixels that have just been checked
        if at_least:
            opened.draft(None, (at_least, at_least))
        opened.load()
        return _to_rgb(opened)


def _check_cost(opened: ImageFile.ImageFile, data: bytes, max_pixels: int) -> None:
    """Raises PictureError where decoding could take too much memory, too much time, or another program."""
    if opened.format in _REFUSED:
        raise PictureError(f"it is {_REFUSED[opened.format]}: not read for safety")
    pixels = opened.width * opened.height
    size = f"{opened.width} x {opened.height} pixels"
    limits = [(max_pixels, "")]
    if _is_decoded_in_python(opened):
        limits.append((_MAX_PIXELS_IN_PYTHON, f" for {opened.format} files of its kind, which are slow to decode"))
    if opened.format in _HUNGRY:
        limits.append((_MAX_PIXELS_IF_HUNGRY, f" for {opened.format}, which takes much memory to decode"))
    limit, why = min(limits)
    if pixels > limit:
        raise PictureError(f"it has {size}, over the limit of {limit:,}{why}{': save it as PNG' if why else ''}")
    scans = data.count(_START_OF_SCAN) if _is_jpeg(opened) else 0
    if scans * pixels > _MAX_SCANNED * _pieces(opened):
        raise PictureError(f"it has {scans:,} scans of {size}, which take too long to decode: save it again")


def _is_decoded_in_python(opened: ImageFile.ImageFile) -> bool:
    return any(tile.codec_name in Image.DECODERS for tile in opened.tile)


def _is_jpeg(opened: ImageFile.ImageFile) -> bool:
    return opened.format in {"JPEG", "MPO", "BLP"} or "jpeg" in str(opened.info.get("compression"))


def _pieces(opened: ImageFile.ImageFile) -> int:
    """Strips or tiles of a TIFF, each with scans of its own; 1 for other formats."""
    if not isinstance(opened, TiffImagePlugin.TiffImageFile):
        return 1
    tags = opened.tag_v2
    return len(tags.get(TiffImagePlugin.STRIPOFFSETS) or tags.get(TiffImagePlugin.TILEOFFSETS) or "1")


def fit(picture: Image.Image, size: int, resize: Resize) -> Picture:
    """Resize an RGB picture to size x size, ignoring its aspect ratio, as VGG16's training set was.

    "antialias" is Pillow's area-aware bilinear filter: the embedding moves least when a picture arrives smaller or
    recompressed. "point" samples bilinearly without antialiasing, at the pixel grid of OpenCV's INTER_LINEAR: for
    models that were trained on vectors made that way.
    """
    if resize == "antialias":
        resized = picture.resize((size, size), Image.Resampling.BILINEAR)
    else:
        steps = (picture.width / size, 0, 0, 0, picture.height / size, 0)
        resized = picture.transform((size, size), Image.Transform.AFFINE, steps, Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)


def _upright(picture: Image.Image) -> Image.Image:
    # In place, because Pillow copies even where nothing is to be turned. Junk EXIF says nothing about which way is up:
    # such a picture stays as stored.
    with suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        return _by_strips(picture, _on_white)
    if picture.mode in _DEEP_GREYS:
        return _from_deep_grey(picture)
    return _by_strips(picture, _from_lab if picture.mode == "LAB" else _plain)


def _by_strips(picture: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """A picture whose colours are converted strip by strip; what its file says, such as which way is up, stays."""
    converted = Image.new("RGB", picture.size)
    top = 0
    for strip in _strips(picture):
        converted.paste(convert(strip), (0, top))
        top += strip.height
    converted.info.update(picture.info)
    return converted


def _strips(picture: Image.Image) -> Iterator[Image.Image]:
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _plain(strip: Image.Image) -> Image.Image:
    return strip.convert("RGB")


def _on_white(strip: Image.Image) -> Image.Image:
    white = Image.new("RGBA", strip.size, "white")
    white.alpha_composite(strip.convert("RGBA"))
    return white.convert("RGB")


def _from_lab(strip: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(strip, lab, srgb, outputMode="RGB")
    if converted is None:
        raise PictureError("its Lab colours could not be converted")
    return converted


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """16- and 32-bit greyscale to 8 bits. Pillow's own convert() clips at 255 and leaves a white square."""
    low, high = zip(*(_extremes(strip) for strip in _strips(picture)), strict=True)
    black, white = _range(min(low), max(high), floating=picture.mode == "F")

    def convert(strip: Image.Image) -> Image.Image:
        grey = np.clip((_finite(strip) - black) * (255.0 / (white - black)), 0, 255).round().astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")

    return _by_strips(picture, convert)


def _finite(strip: Image.Image) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(strip, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _extremes(strip: Image.Image) -> tuple[float, float]:
    values = _finite(strip)
    return float(values.min()), float(values.max())


def _range(low: float, high: float, *, floating: bool) -> tuple[float, float]:
    """The values that mean black and white: the narrowest usual range that holds all of them, else their own."""
    usual = (1.0,) if floating else (255.0, 65535.0)
    for white in usual:
        if low >= 0 and high <= white:
            return 0.0, white
    return low, high if high > low else low + 1.0
