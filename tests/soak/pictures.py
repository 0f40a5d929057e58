"""A small picture of every format that is read, in the variants that take other paths through its decoders.

What Pillow can write, it writes; the rest is put together by hand, byte by byte, from the formats' descriptions.
"""

from __future__ import annotations

import gzip
import io
import struct
import warnings
from functools import cache

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from tests.conftest import encode, noise_picture
from tests.shared.embedding.decoding.tiff_files import tiff

WIDTH, HEIGHT = 24, 18
_PIXELS = WIDTH * HEIGHT


@cache
def seeds() -> dict[str, bytes]:
    """Files by name; the name begins with the format as Pillow calls it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of IM, which a later Pillow will not write
        return _written() | _heic() | _deep() | _by_hand()


def _written() -> dict[str, bytes]:
    colour = noise_picture(1, (WIDTH, HEIGHT))
    modes = {mode: colour.convert(mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F")}
    modes["I;16"] = Image.fromarray(np.arange(_PIXELS, dtype=np.uint16).reshape(HEIGHT, WIDTH))
    modes["LAB"] = Image.new("LAB", (WIDTH, HEIGHT), (120, 140, 90))
    plain: dict[str, tuple[str, ...]] = {
        "AVIF": ("L", "RGB", "RGBA"),
        "BLP": ("P",),
        "BMP": ("1", "L", "P", "RGB", "RGBA"),
        "DDS": ("L", "LA", "RGB", "RGBA"),
        "DIB": ("RGB",),
        "EPS": ("L", "RGB", "CMYK"),
        "GIF": ("1", "L", "P"),
        "ICO": ("1", "L", "RGB", "RGBA"),
        "IM": ("1", "L", "P", "RGB", "CMYK", "YCbCr", "F"),
        "JPEG": ("L", "RGB", "CMYK"),
        "JPEG2000": ("L", "LA", "RGB", "RGBA", "I;16"),
        "MSP": ("1",),
        "PCX": ("1", "L", "P", "RGB"),
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        "PPM": ("1", "L", "RGB", "I;16", "F"),
        "QOI": ("RGB", "RGBA"),
        "SGI": ("L", "RGB", "RGBA"),
        "SPIDER": ("F",),
        "TGA": ("1", "L", "LA", "P", "RGB", "RGBA"),
        "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16"),
        "WEBP": ("RGB", "RGBA"),
        "XBM": ("1",),
    }
    files = {f"{format} {mode}": encode(modes[mode], format) for format in plain for mode in plain[format]}
    frames = [noise_picture(seed, (WIDTH, HEIGHT)) for seed in (2, 3)]
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "turned"  # orientation, description
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for format in ("AVIF", "GIF", "MPO", "PNG", "WEBP"):
        files[f"{format} frames"] = encode(colour, format, save_all=True, append_images=frames)
    for format in ("AVIF", "JPEG", "PNG", "TIFF", "WEBP"):
        files[f"{format} metadata"] = encode(colour, format, exif=exif.tobytes(), icc_profile=profile)
    for compression in ("packbits", "tiff_lzw", "tiff_deflate", "jpeg", "lzma", "zstd"):
        files[f"TIFF {compression}"] = encode(colour, "TIFF", compression=compression)
    for compression in ("group3", "group4", "tiff_ccitt"):
        files[f"TIFF {compression}"] = encode(modes["1"], "TIFF", compression=compression)
    for pixels in ("DXT1", "DXT3", "DXT5", "BC2", "BC3"):
        files[f"DDS {pixels}"] = encode(modes["RGBA"], "DDS", pixel_format=pixels)
    files |= {
        "BLP BLP1": encode(modes["P"], "BLP", blp_version="BLP1"),
        "GIF transparent": encode(modes["P"], "GIF", transparency=3, interlace=True),
        "ICNS": _icns(encode(modes["RGBA"].resize((16, 16)), "PNG")),
        "ICO bitmap": encode(modes["RGBA"].resize((16, 16)), "ICO", bitmap_format="bmp", sizes=[(16, 16)]),
        "JPEG progressive": encode(colour, "JPEG", progressive=True),
        "JPEG2000 lossy": encode(colour, "JPEG2000", irreversible=True, quality_layers=[20], tile_size=(16, 16)),
        "PNG transparent": encode(modes["P"], "PNG", transparency=0),
        "SGI 16 bit": encode(modes["L"], "SGI", bpc=2),
        "TGA packed": encode(colour, "TGA", compression="tga_rle"),
        "WEBP lossless": encode(colour, "WEBP", lossless=True),
    }
    return files


def _heic() -> dict[str, bytes]:
    colour = noise_picture(1, (WIDTH, HEIGHT))
    files: dict[str, bytes] = {}
    for mode in ("L", "LA", "RGB", "RGBA"):
        files[f"HEIC {mode}"] = _as_heic(colour.convert(mode))
    exif = Image.Exif()
    exif[0x0112] = 6  # becomes irot
    files["HEIC turned"] = _as_heic(colour, exif=exif.tobytes())
    files["HEIC deep"] = _as_heic(Image.fromarray(np.arange(_PIXELS, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 100))
    return files


def _as_heic(picture: Image.Image, **options: bytes) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=60, **options)
    return file.getvalue()


def _deep() -> dict[str, bytes]:
    """What this project reads by itself."""
    colour = np.asarray(noise_picture(1, (WIDTH, HEIGHT)))
    grey = colour[..., 0]
    return {
        "TIFF 12 bit": tiff(grey.astype(np.uint16) * 16, 1, bits=12, order=">"),
        "TIFF 16 bit planar": tiff(colour.astype(np.uint16) * 257, 2, planar=True),
        "TIFF float": tiff(colour.astype(np.float32) / 255, 2, deflate=True, tags={317: 3}),
        "TIFF differences": tiff(grey.astype(np.uint32) << 24, 0, deflate=True, tags={317: 2}),
        "TIFF 16 bit CMYK": tiff(np.dstack([colour, grey, grey]).astype(np.uint16) * 257, 5, tags={338: 2}),
        "TIFF 16 bit Lab": tiff(colour.astype(np.uint16) * 257, 8),
    }


def _by_hand() -> dict[str, bytes]:
    pixels = noise_picture(1, (WIDTH, HEIGHT)).tobytes()
    grey = pixels[:_PIXELS]
    colours = encode(noise_picture(1, (WIDTH, HEIGHT)), "PCX")
    bitmap = struct.pack("<IiiHHIIiiII", 40, WIDTH, 2 * HEIGHT, 1, 24, 0, 0, 0, 0, 0, 0) + pixels + bytes(4 * HEIGHT)
    runs = (b"\x18\x07\x00\x00" * HEIGHT) + b"\x00\x01"
    packed = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(range(256)) * 4 + runs
    fli_frame = struct.pack("<IHH8x", 16 + 6 + _PIXELS, 0xF1FA, 1) + struct.pack("<IH", 6 + _PIXELS, 16) + grey
    fli = struct.pack("<IHHHHHHI", 128 + len(fli_frame), 0xAF11, 1, WIDTH, HEIGHT, 8, 3, 5).ljust(128, b"\0")
    shades = " ".join(str(value) for value in pixels).encode()
    return {
        "BMP packed": b"BM" + struct.pack("<IHHI", 14 + len(packed), 0, 0, 14 + 40 + 1024) + packed,
        "BUFR": b"BUFR" + bytes(60),
        "CUR": b"\0\0\2\0\1\0" + struct.pack("<BBBBHHII", WIDTH, HEIGHT, 0, 0, 0, 0, len(bitmap), 22) + bitmap,
        "DCX": struct.pack("<III", 0x3ADE68B1, 12, 0) + colours,
        "FITS": _fits([("BITPIX", "8"), *_axes("")]) + grey.ljust(2880, b"\0"),
        "FITS packed": _fits([("BITPIX", "8"), ("NAXIS", "0")]) + _packed_fits(grey),
        "FLI": fli + fli_frame,
        "FTEX": struct.pack("<4s8iI", b"FTEX", 0, WIDTH, HEIGHT, 1, 1, 1, 32, len(pixels), len(pixels)) + pixels,
        "FTEX DXT1": struct.pack("<4s8iI", b"FTEX", 0, WIDTH, HEIGHT, 1, 1, 0, 32, 240, 240) + pixels[:240],
        "GBR": struct.pack(">5I4sI", 33, 2, WIDTH, HEIGHT, 1, b"GIMP", 10) + b"seed\0" + grey,
        "GRIB": b"GRIB\0\0\0\1" + bytes(60),
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(60),
        "IMT": b"* seed\nwidth %d\nheight %d\npixel n8\n\x0c" % (WIDTH, HEIGHT) + grey,
        "IPTC": iptc(grey),
        "MCIDAS": struct.pack(">64i", *_area()) + grey,
        "MPEG": b"\0\0\1\xb3" + bytes([WIDTH >> 4, (WIDTH & 15) << 4, HEIGHT]) + bytes(60),
        "PCD": bytes(2048) + b"PCD_".ljust(94 * 2048, b"\0") + bytes(range(256)) * (768 * 512 * 3 // 512 + 8),
        "PIXAR": b"\x80\xe8\0\0".ljust(416, b"\0")
        + struct.pack("<4H2H", HEIGHT, WIDTH, 0, 0, 14, 2)
        + bytes(596)
        + pixels,
        "PPM plain": b"P3\n# seed\n%d %d\n255\n" % (WIDTH, HEIGHT) + shades,
        "PPM plain bits": b"P1\n%d %d\n" % (WIDTH, HEIGHT) + b"01" * (_PIXELS // 2),
        "PPM deep": b"P6\n%d %d\n65535\n" % (WIDTH, HEIGHT) + pixels * 2,
        "PSD": struct.pack(">4sH6xHIIHHIIIH", b"8BPS", 1, 3, HEIGHT, WIDTH, 8, 3, 0, 0, 0, 0) + pixels,
        "PSD packed": _packed_psd(),
        "SUN": struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 24, len(pixels), 1, 0, 0) + pixels,
        "SUN packed": struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 8, 0, 2, 0, 0) + b"\x80\xff\x07\x01" * 6,
        "WMF": struct.pack("<IHhhhhHIH", 0x9AC6CDD7, 0, 0, 0, 240, 180, 96, 0, 0) + b"\x01\0\x09\0" + bytes(60),
        "XPM": _xpm(),
        "XVThumb": b"P7 332\n#seed\n%d %d 255\n" % (WIDTH, HEIGHT) + grey,
    }


def _icns(png: bytes) -> bytes:
    entry = b"icp4" + struct.pack(">I", 8 + len(png)) + png
    return b"icns" + struct.pack(">I", 8 + len(entry)) + entry


def _card(name: str, value: str) -> bytes:
    return f"{name:<8}= {value:>20}".ljust(80).encode()


def _axes(prefix: str) -> list[tuple[str, str]]:
    return [(f"{prefix}NAXIS", "2"), (f"{prefix}NAXIS1", str(WIDTH)), (f"{prefix}NAXIS2", str(HEIGHT))]


def _fits(cards: list[tuple[str, str]], first: bytes = b"") -> bytes:
    header = (first or _card("SIMPLE", "T")) + b"".join(_card(*card) for card in cards) + b"END".ljust(80)
    return header.ljust(2880)


def _packed_fits(grey: bytes) -> bytes:
    table = [("BITPIX", "8"), ("NAXIS", "2"), ("NAXIS1", "0"), ("NAXIS2", "0"), ("ZIMAGE", "T")]
    kind = b"ZCMPTYPE= 'GZIP_1  '".ljust(80)
    header = _fits([*table, ("ZBITPIX", "8"), *_axes("Z")], first=b"XTENSION= 'BINTABLE'".ljust(80) + kind)
    return header + gzip.compress(b"".join(bytes((0, 0, 0, value)) for value in grey), mtime=0)


def iptc(content: bytes) -> bytes:
    """A container of IPTC/NAA records: Pillow opens whatever lies in record 8:10, by any of its plugins."""

    def record(number: int, dataset: int, content: bytes) -> bytes:
        return struct.pack(">BBBH", 0x1C, number, dataset, len(content)) + content

    sizes = record(3, 20, bytes([WIDTH])) + record(3, 30, bytes([HEIGHT]))
    return record(3, 60, b"\x01\x00") + sizes + record(3, 120, b"\x01") + record(8, 10, content)


def _area() -> list[int]:
    words = [0] * 64
    words[1], words[8], words[9], words[10], words[13], words[33] = 4, HEIGHT, WIDTH, 1, 1, 256
    return words


def _packed_psd() -> bytes:
    header = struct.pack(">4sH6xHIIHHIIIH", b"8BPS", 1, 1, HEIGHT, WIDTH, 8, 1, 0, 0, 0, 1)
    return header + struct.pack(">H", 2) * HEIGHT + bytes((257 - WIDTH, 90)) * HEIGHT


def _xpm() -> bytes:
    rows = ",\n".join('"' + ".x" * (WIDTH // 2) + '"' for _ in range(HEIGHT))
    head = f'"{WIDTH} {HEIGHT} 2 1",\n". c #102030",\n"x c #ffffff",\n'
    return f"/* XPM */\nstatic char *seed[] = {{\n{head}{rows}}};\n".encode()
