"""HEIC and its relatives, as phones store photographs, by libheif. AVIF is Pillow's own business."""

from __future__ import annotations

from PIL import Image

from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.limits import check_pixels


def read_heif(data: bytes, max_pixels: int) -> Image.Image:
    """The primary picture, turned, mirrored and cropped as its file says, in any mode. Raises PictureError.

    Below pi_heif's own classes, which look at the metadata first: that crashed on a damaged one (found by mutation).
    """
    import _pi_heif  # here: a cold start must not wait for it
    from pi_heif.heif import BaseImage

    # One thread, 8 bits, RGB, rows without padding, any decoder, libheif's limits on.
    loaded = _pi_heif.load_file(data, 1, True, False, True, True, "", False)
    primary = next((image for image in loaded if image is not None and image.primary), None)
    if primary is None:
        raise PictureError("it is a HEIC file without a picture in it")
    picture = BaseImage(primary)
    check_pixels("HEIC", *picture.size, max_pixels)
    return picture.to_pillow()
