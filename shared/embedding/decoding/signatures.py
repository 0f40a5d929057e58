"""What bytes are, by how they begin: the content decides, never a file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PIL import Image

HEAD = 4096
"""So many first bytes of a file tell what it is."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    """With its article: "a PDF document"."""
    readable: bool = False
    """Whether files of this kind are pictures that are worth trying to read."""


# What people have beside pictures, and pictures that can't be read. Offset, first bytes, what it is.
_UNREADABLE: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (0, b"II\xbc\x01", "a JPEG XR picture"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"#?RGBE", "a Radiance HDR picture"),
    (0, b"gimp xcf", "a GIMP picture (XCF)"),
    (0, b"BPG\xfb", "a BPG picture"),
    (0, b"PF\n", "a PFM picture in colour"),
    (0, b"P7\nWIDTH", "a PAM picture"),
    (0, b"SDPX", "a DPX picture"),
    (0, b"XPDS", "a DPX picture"),
    (0, b"\x80\x2a\x5f\xd7", "a Cineon picture"),
    (0, b"farbfeld", "a farbfeld picture"),
    (0, b"id=ImageMagick", "a MIFF picture"),
    (0, b"\xabKTX ", "a KTX texture"),
    (0, b"FLIF", "a FLIF picture"),
    (0, b"AT&TFORM", "a DjVu document"),
    (0, b"\x8aMNG\r\n\x1a\n", "an MNG animation"),
    (0, b"\x8bJNG\r\n\x1a\n", "a JNG picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "PostScript, which takes an interpreter to read"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript, which takes an interpreter to read"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)"),
    (40, b" EMF", "a Windows metafile (EMF)"),
    (128, b"DICM", "a DICOM picture"),
    (0, b"\x1a\x45\xdf\xa3", "a video (Matroska or WebM)"),
    (0, b"FLV\x01", "a video (Flash)"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video (Windows Media)"),
    (0, b"\0\0\x01\xba", "a video (MPEG)"),
    (0, b"\0\0\x01\xb3", "a video (MPEG)"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a sound recording"),
    (0, b"ID3", "a sound recording"),
    (0, b"PK\x03\x04", "a zip archive, or a document packed as one"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a Microsoft Office document, or Thumbs.db"),
    (0, b"\0\x05\x16\x07", "what macOS keeps beside a file (AppleDouble)"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a Windows program"),
    (0, b"GRIB", "GRIB weather data"),
    (0, b"BUFR", "BUFR weather data"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 data file"),
)

_READABLE: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"II+\0", "a BigTIFF picture"),
    (0, b"MM\0+", "a BigTIFF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
)

_RAW: tuple[tuple[int, bytes, str], ...] = (
    (0, b"FUJIFILMCCD-RAW", "a Fujifilm raw picture"),
    (0, b"IIRO", "an Olympus raw picture"),
    (0, b"IIRS", "an Olympus raw picture"),
    (0, b"MMOR", "an Olympus raw picture"),
    (0, b"IIU\0", "a Panasonic raw picture"),
    (0, b"II\x1a\0\0\0HEAPCCDR", "a Canon raw picture"),
    (0, b"FOVb", "a Sigma raw picture"),
    (0, b"\0MRM", "a Minolta raw picture"),
)

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"}
)
_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_RIFF = {b"WEBP": Kind("a WebP picture", readable=True), b"AVI ": Kind("a video (AVI)"), b"WAVE": Kind("a recording")}

_MARKUP = re.compile(rb"\s*(<\?xml|<!doctype|<svg|<html)", re.IGNORECASE)

# Pillow plugins whose test of the first bytes takes a lot of other files for theirs, or that only claim a file.
_LOOSE = frozenset({"BUFR", "CUR", "EPS", "GRIB", "HDF5", "IPTC", "MCIDAS", "MPEG", "PCX", "WMF"})


def kind_of(head: bytes) -> Kind | None:
    """What a file is that begins with these bytes; None where nothing is known of it."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[4:8] in _QUICKTIME:
        return Kind("a video (QuickTime)")
    for table, readable in ((_READABLE, True), (_RAW, True), (_UNREADABLE, False)):
        for offset, magic, name in table:
            if head.startswith(magic, offset):
                return Kind(name, readable)
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        return Kind("an SVG drawing" if b"<svg" in head.lower() else "a web page or XML document")
    return _by_pillow(head)


def is_heif(head: bytes) -> bool:
    """Whether this is HEIF that is not AVIF."""
    return head[4:8] == b"ftyp" and bool(_brands(head) & _HEIF_BRANDS) and not _brands(head) & _AVIF_BRANDS


def is_raw(head: bytes) -> bool:
    """Whether this is what a camera's sensor saw, in a container other than TIFF."""
    return head[4:12] == b"ftypcrx " or any(head.startswith(magic, offset) for offset, magic, _ in _RAW)


def _by_brands(head: bytes) -> Kind:
    brands = _brands(head)
    if b"crx " in brands:
        return Kind("a Canon raw picture", readable=True)
    if brands & _AVIF_BRANDS:
        return Kind("an AVIF picture", readable=True)
    if brands & _HEIF_BRANDS:
        return Kind("a HEIC picture", readable=True)
    return Kind("a video (MP4 or QuickTime)")


def _brands(head: bytes) -> set[bytes]:
    end = min(int.from_bytes(head[:4]), len(head))
    return {head[8:12], *(head[start : start + 4] for start in range(16, end, 4))}


def _by_pillow(head: bytes) -> Kind | None:
    Image.init()
    for name in Image.ID:
        accepts = Image.OPEN[name][1]
        if name not in _LOOSE and accepts and accepts(head[:16].ljust(16, b"\0")) is True:
            return Kind(f"a {name} picture", readable=True)
    return None
