"""HEIC and its relatives, as phones store photographs, by libheif. AVIF is Pillow's own business."""

from __future__ import annotations

from PIL import Image

from shared.embedding.decoding.limits import check_pixels


def read_heif(data: bytes, max_pixels: int) -> Image.Image:
    """The primary picture, turned, mirrored and cropped as its file says, in any mode. Raises PictureError."""
    import pi_heif  # here: a cold start must not wait for it

    # The picture alone is wanted, and the machine's processors are kept busy by several pictures at once.
    pi_heif.options.THUMBNAILS = False
    pi_heif.options.DEPTH_IMAGES = False
    pi_heif.options.AUX_IMAGES = False
    pi_heif.options.DECODE_THREADS = 1
    opened = pi_heif.HeifFile(data)
    check_pixels("HEIC", *opened.size, max_pixels)
    return opened[opened.primary_index].to_pillow()
