"""A picture's bytes to RGB, each format by what reads it faithfully."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import inf

from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

from shared.embedding.decoding import heif, jpeg, png, raw, tiff
from shared.embedding.decoding.colours import to_rgb
from shared.embedding.decoding.corrections import corrected
from shared.embedding.decoding.errors import PictureError
from shared.embedding.decoding.limits import MeteredFile, check_cost, check_pixels, is_decoded_in_python
from shared.embedding.decoding.psd import read_psd
from shared.embedding.decoding.signatures import HEAD, Kind, is_heif, is_raw, kind_of

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG = b"\xff\xd8\xff"

type Warn = Callable[[str], None]


def read(data: bytes, max_pixels: int, at_least: int | None, warn: Warn) -> Image.Image:
    """The picture, upright, as RGB. Raises PictureError, and whatever a parser does on broken bytes."""
    if data.startswith(_TIFF):
        return _read_tiff(data, max_pixels, at_least, warn)
    if is_raw(data[:HEAD]):
        return _read_raw(data, None, max_pixels, at_least, warn)
    return _upright(_read_in_any_format(data, max_pixels, at_least, warn))


def _read_in_any_format(data: bytes, max_pixels: int, at_least: int | None, warn: Warn) -> Image.Image:
    if data.startswith(png.SIGNATURE):
        return _read_png(png.without_side_issues(data), max_pixels)
    if data.startswith(b"8BPS"):
        return read_psd(data, max_pixels)
    if is_heif(data[:HEAD]):
        return to_rgb(heif.read_heif(data, max_pixels))
    kind = kind_of(data[:HEAD])
    if kind and not kind.readable:  # Pillow would call some of these damaged
        raise PictureError(_unread(kind))
    try:
        return _read_by_pillow(data, max_pixels, at_least)
    except UnidentifiedImageError:
        raise PictureError(_unread(kind)) from None
    except OSError:
        if data.startswith(_JPEG):
            picture = jpeg.read_without_end(data, lambda whole: _read_by_pillow(whole, max_pixels, at_least), warn)
            if picture:
                return picture
        raise


def _unread(kind: Kind | None) -> str:
    if kind is None:
        return "it is not a picture in any known format"
    if kind.readable:
        return f"it is {kind.name}, but damaged, or of a kind that can't be read"
    return f"it is {kind.name}, which can't be read"


def _read_by_pillow(data: bytes, max_pixels: int, at_least: int | None) -> Image.Image:
    """The picture as RGB, its full-size original gone from memory."""
    file = MeteredFile(data)
    with Image.open(file) as opened:
        check_cost(opened, data, max_pixels)
        if is_decoded_in_python(opened):
            file.reads_left = inf  # byte by byte, up to the pixels that have just been checked
        if at_least:
            opened.draft(None, (at_least, at_least))
        opened.load()
        return to_rgb(corrected(opened, data))


def _read_png(data: bytes, max_pixels: int) -> Image.Image:
    depth = png.depth_of(data)
    with PngImagePlugin.PngImageFile(MeteredFile(data)) as opened:
        check_cost(opened, data, max_pixels)
        opened.load()
        if png.is_transparent_by_16_bits(opened, depth):
            return png.on_white_by_16_bits(opened, data)
        png.scale_transparent_grey(opened, depth)
        return to_rgb(opened)


def _read_tiff(data: bytes, max_pixels: int, at_least: int | None, warn: Warn) -> Image.Image:
    tags = tiff.read_directory(MeteredFile(data))
    if raw.is_raw_tiff(data, tags):
        return _read_raw(data, tags, max_pixels, at_least, warn)
    check_pixels("TIFF", int(tags[256]), int(tags[257]), max_pixels)
    if tiff.is_right_in_pillow(tags):
        with suppress(UnidentifiedImageError):
            return _upright(_read_by_pillow(data, max_pixels, at_least))
    return _upright(tiff.read_tiff(data, tags))


def _read_raw(data: bytes, tags: Directory | None, max_pixels: int, at_least: int | None, warn: Warn) -> Image.Image:
    for preview in raw.previews(data):
        with suppress(OSError):
            picture = _read_by_pillow(preview, max_pixels, at_least)
            picture.getexif().setdefault(raw.ORIENTATION, raw.orientation(tags))
            warn("it is a camera's raw picture: its embedded preview was read")
            return _upright(picture)
    raise PictureError("it is a camera's raw picture without an embedded preview that is large enough: save it as JPEG")


def _upright(picture: Image.Image) -> Image.Image:
    # In place, because Pillow copies even where nothing is to be turned. Junk EXIF says nothing about which way is up:
    # such a picture stays as stored.
    with suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)
    return picture
