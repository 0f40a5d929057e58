"""What Pillow decodes otherwise than the format's definition says."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFile
from PIL.IcnsImagePlugin import IcnsImageFile


def corrected(opened: ImageFile.ImageFile, data: bytes) -> Image.Image:
    """A loaded picture as its format defines it."""
    if opened.format == "TGA" and opened.mode == "RGBA" and data[17] & 15 == 0:
        return _without_padding(opened)
    if opened.format == "XBM":  # X11 draws the bits that are set, in black
        return ImageChops.invert(opened)
    if isinstance(opened, IcnsImageFile) and opened.mode == "P":  # Pillow drops the palette of the picture inside
        return opened.icns.getimage(opened.best_size)
    return opened


def _without_padding(tga: Image.Image) -> Image.Image:
    """A TGA says how many bits of alpha a pixel has. Where it says none, the fourth byte is padding, whatever is in it.

    Some programs write alpha there all the same. Taken for alpha, padding of zeros makes a picture invisible; alpha
    taken for padding shows what lies under transparency, and nothing else is lost.
    """
    return Image.merge("RGB", tga.split()[:3])
