"""Bytes to pictures: any format and mode that can be read faithfully becomes upright RGB of the embedder's size.

How each format is read is in shared/embedding/decoding; docs/pictures.md lists what is read.
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.limits import MAX_PIXELS
from shared.embedding.decoding.reading import Warn, read

__all__ = ["MAX_PIXELS", "Picture", "PictureError", "Resize", "Warn", "fit", "ignore", "read_picture"]

type Picture = NDArray[np.uint8]
"""A decoded, resized picture: shape (size, size, 3), RGB, 0 to 255."""

Resize = Literal["antialias", "point"]

# A picture in another picture's file may be a decompression bomb: Pillow must refuse what it would only warn of.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# Pillow warns of junk that it skips, such as broken EXIF. It is a stranger's picture, and not for our log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def ignore(warning: str) -> None:
    """A Warn that tells nobody."""


def read_picture(
    data: bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    at_least: int | None = None,
    warn: Warn = ignore,
) -> Image.Image:
    """Decode one picture: first frame, EXIF orientation applied, transparency on white, mode RGB.

    Given `at_least`, a large JPEG may be decoded at a half, a quarter or an eighth of its size, as long as both sides
    keep that many pixels. `warn` is told where not all of the picture could be read. Raises PictureError when the
    bytes are not a picture, can't be shown faithfully, are cut short, or hold more than max_pixels pixels.
    """
    if not data:
        raise PictureError("it is empty (0 bytes)")
    try:
        return read(data, max_pixels, at_least, warn)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"it unpacks to more than {max_pixels:,} pixels") from None
    except MemoryError:
        raise PictureError("there is not enough memory to decode it") from None
    except (
        Exception
    ) as error:  # Pillow's parsers raise whatever broken bytes lead them into: struct.error, KeyError, ...
        raise PictureError(f"it is damaged or cut short ({str(error) or type(error).__name__})") from error


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
