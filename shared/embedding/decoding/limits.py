"""What reading a picture may cost, checked by its header before a pixel is decoded."""

from __future__ import annotations

import io

from PIL import EpsImagePlugin, Image, ImageFile, TiffImagePlugin

from shared.embedding.decoding.errors import PictureError

# Pillow warns of a possible decompression bomb above this many pixels; 89 megapixels is far beyond any camera phone.
MAX_PIXELS = 89_478_485

# Pillow decodes some rare formats in Python: 0.2 to 1.3 s a megapixel, measured, where libjpeg and libpng need 0.03. At
# the limit above such a picture would hold the interpreter's lock for two minutes; at this one for 5 s.
_MAX_PIXELS_IN_PYTHON = 4_000_000

# While decoded, a picture takes up to 8 bytes a pixel: 716 MB at the limit. Some decoders take 16 and 18, as measured.
_MEMORY_HEAVY = frozenset({"WEBP", "JPEG2000"})
_MAX_PIXELS_IF_MEMORY_HEAVY = 40_000_000

# A progressive JPEG is a series of scans, each over the whole picture and each as short as 95 bytes, so that 100 kB
# more cost 40 s at 64 megapixels. Ten scans are usual. This many pixels times scans take some 2 s.
_MAX_SCANNED = 25 * MAX_PIXELS
START_OF_SCAN = b"\xff\xda"

# Pillow's parsers take a file apart read by read and keep what they find: 8 MB of empty JPEG segments took 4 s and
# 250 MB. Honest pictures need a few reads for every 8 kB or so: 40,000 for the largest that fit into a request.
MAX_READS = 500_000

_REFUSED = {
    "EPS": "PostScript, which takes an interpreter to read",
    "IPTC": "an IPTC container, which may hold a picture of any format",
}
"""What Pillow would read and we don't, for safety."""

# Pictures may lie in other pictures' files, where the checks below do not reach. Pillow has checks of its own for
# these: it must refuse what it would only warn of (shared/embedding/images.py), and hand no PostScript to Ghostscript.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
EpsImagePlugin.gs_binary = False


class MeteredFile(io.BytesIO):
    """A picture's file that is read only so many times."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads_left: float = MAX_READS

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


def check_cost(opened: ImageFile.ImageFile, data: bytes, max_pixels: int) -> None:
    """Raises PictureError where decoding could take too much memory, too much time, or another program."""
    format = opened.format or ""
    if format in _REFUSED:
        raise PictureError(f"it is {_REFUSED[format]}: not read for safety")
    if format == "FITS" and opened.mode != "L":  # Pillow takes their numbers for unsigned, in this machine's order
        raise PictureError("it is a FITS picture of more than 8 bits, which can't be shown faithfully: save it as TIFF")
    check_pixels(format, *opened.size, max_pixels, in_python=is_decoded_in_python(opened))
    pixels = opened.width * opened.height
    scans = data.count(START_OF_SCAN) if _is_jpeg(opened) else 0
    if scans * pixels > _MAX_SCANNED * _pieces(opened):
        size = _size(*opened.size)
        raise PictureError(f"it has {scans:,} scans of {size}, which take too long to decode: save it again")


def check_pixels(format: str, width: int, height: int, max_pixels: int, *, in_python: bool = False) -> None:
    """Raises PictureError where a picture of this format has more pixels than may be decoded."""
    limits = [(max_pixels, "")]
    if in_python:
        limits.append((_MAX_PIXELS_IN_PYTHON, f" for {format} files of its kind, which are slow to decode"))
    if format in _MEMORY_HEAVY:
        limits.append((_MAX_PIXELS_IF_MEMORY_HEAVY, f" for {format}, which takes much memory to decode"))
    limit, why = min(limits)
    if width * height > limit:
        advice = ": save it as PNG" if why else ""
        raise PictureError(f"it has {_size(width, height)}, over the limit of {limit:,}{why}{advice}")


def is_decoded_in_python(opened: ImageFile.ImageFile) -> bool:
    return any(tile.codec_name in Image.DECODERS for tile in opened.tile)


def _size(width: int, height: int) -> str:
    return f"{width} x {height} pixels"


def _is_jpeg(opened: ImageFile.ImageFile) -> bool:
    return opened.format in {"JPEG", "MPO", "BLP"} or "jpeg" in str(opened.info.get("compression"))


def _pieces(opened: ImageFile.ImageFile) -> int:
    """Strips or tiles of a TIFF, each with scans of its own; 1 for other formats."""
    if not isinstance(opened, TiffImagePlugin.TiffImageFile):
        return 1
    tags = opened.tag_v2
    return len(tags.get(TiffImagePlugin.STRIPOFFSETS) or tags.get(TiffImagePlugin.TILEOFFSETS) or "1")
