"""Bytes to pictures: any format and mode Pillow reads becomes upright RGB of the embedder's size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from shared.errors import UserError

type Picture = NDArray[np.uint8]
"""A decoded, resized picture: shape (size, size, 3), RGB, 0 to 255."""

Resize = Literal["antialias", "point"]

# Pillow warns of a possible decompression bomb above this many pixels; 89 megapixels is far beyond any camera phone.
MAX_PIXELS = 89_478_485


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
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > max_pixels:
                raise PictureError(f"it has {opened.width} x {opened.height} pixels, over the limit of {max_pixels:,}")
            if (
                opened.format == "EPS"
            ):  # Pillow hands PostScript to an external interpreter; never with strangers' bytes
                raise PictureError("it is PostScript, which is not read for safety")
            if at_least:
                opened.draft(None, (at_least, at_least))
            opened.load()
            return _upright(_to_rgb(opened))
    except PictureError:
        raise
    except Image.UnidentifiedImageError:
        raise PictureError("it is not a picture in any known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"it unpacks to more than {max_pixels:,} pixels") from None
    except (
        Exception
    ) as error:  # Pillow's parsers raise whatever broken bytes lead them into: struct.error, KeyError, ...
        raise PictureError(f"it is damaged or cut short ({error or type(error).__name__})") from error


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
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # junk EXIF says nothing about which way is up: keep the picture as stored
        return picture


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        return _on_white(picture.convert("RGBA"))
    return _CONVERTERS.get(picture.mode, _plain)(picture)


def _plain(picture: Image.Image) -> Image.Image:
    return _keep_exif(picture, picture.convert("RGB"))


def _on_white(picture: Image.Image) -> Image.Image:
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return _keep_exif(picture, white.convert("RGB"))


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """16- and 32-bit greyscale to 8 bits. Pillow's own convert() clips at 255 and leaves a white square."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    black, white = _range(float(values.min()), float(values.max()), floating=picture.mode == "F")
    grey = np.clip((values - black) * (255.0 / (white - black)), 0, 255).round().astype(np.uint8)
    return _keep_exif(picture, Image.fromarray(grey).convert("RGB"))


def _range(low: float, high: float, *, floating: bool) -> tuple[float, float]:
    """The values that mean black and white: the narrowest usual range that holds all of them, else their own."""
    usual = (1.0,) if floating else (255.0, 65535.0)
    for white in usual:
        if low >= 0 and high <= white:
            return 0.0, white
    return low, high if high > low else low + 1.0


def _from_lab(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if converted is None:
        raise PictureError("its Lab colours could not be converted")
    return _keep_exif(picture, converted)


def _keep_exif(source: Image.Image, converted: Image.Image) -> Image.Image:
    """Conversions may drop the EXIF block that says which way is up."""
    converted.info.setdefault("exif", source.info.get("exif", b""))
    return converted


_CONVERTERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "LAB": _from_lab,
    **dict.fromkeys(("I", "F", "I;16", "I;16L", "I;16B", "I;16N"), _from_deep_grey),
}
