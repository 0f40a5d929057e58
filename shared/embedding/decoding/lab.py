"""CIE Lab to sRGB, by LittleCMS."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.numbers import Numbers


def lab_to_rgb(numbers: Numbers, bits: int, *, offset: bool) -> NDArray[np.float32]:
    """Lab of 8 or 16 bits, shape (rows, width, 3), to RGB from 0 to 1.

    `offset` says that a and b are stored with half their range added. Raises PictureError for other depths.
    """
    if bits not in {8, 16}:
        raise PictureError(f"it has Lab colours of {bits} bits, which can't be converted faithfully")
    wide = numbers.astype(np.float32) / (1 << (bits - 8))
    lightness, colours = wide[..., :1], wide[..., 1:]
    if not offset:  # signed, in two's complement
        colours = np.where(colours < 128, colours, colours - 256) + 128
    stored = np.concatenate([lightness, colours], axis=-1).clip(0, 255).round().astype(np.uint8)
    height, width, _ = stored.shape
    rgb = lab_image_to_rgb(Image.frombytes("LAB", (width, height), _as_stored(stored)))
    return np.asarray(rgb, np.float32) / np.float32(255)


def lab_image_to_rgb(picture: Image.Image) -> Image.Image:
    """Raises PictureError."""
    lab, srgb = _profiles()
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    if converted is None:
        raise PictureError("its Lab colours could not be converted")
    return converted


def _as_stored(lab: NDArray[np.uint8]) -> bytes:
    return (lab ^ np.array([0, 128, 128], np.uint8)).tobytes()  # Pillow's raw Lab is signed outside


@cache
def _profiles() -> tuple[ImageCms.ImageCmsProfile, ImageCms.ImageCmsProfile]:
    return tuple(ImageCms.ImageCmsProfile(ImageCms.createProfile(name)) for name in ("LAB", "sRGB"))  # pyright: ignore[reportReturnType, reportArgumentType]
