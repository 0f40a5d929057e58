"""Words and how they are set: invented prose, invented titles, justified columns, in Pillow's own typeface."""

from functools import lru_cache

from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from .surfaces import pick

type Ink = tuple[int, int, int]

STARTS = ("b", "br", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "st", "t", "th", "tr", "v", "w", "")
MIDDLES = ("a", "e", "i", "o", "u", "ea", "ou", "ai", "io")
ENDS = ("", "n", "r", "s", "t", "l", "m", "nd", "st", "rn", "ng", "ck")
SHORT = (
    "the",
    "of",
    "and",
    "a",
    "in",
    "to",
    "it",
    "was",
    "as",
    "on",
    "with",
    "his",
    "her",
    "not",
    "at",
    "by",
    "or",
    "for",
)
ADJECTIVES = (
    "Quiet", "Last", "Winter", "Golden", "Hidden", "Broken", "Little", "Northern", "Second", "Silent", "Open", "Blue",
    "Distant", "Glass", "Paper", "Early", "Burning", "Common",
)  # fmt: skip
NOUNS = (
    "Harbour", "Garden", "Letters", "River", "House", "Atlas", "Season", "Island", "Orchard", "Mirror", "Voyage",
    "Clock", "Valley", "Memory", "Bridge", "Night", "Kitchen", "Forest", "Engine", "Summer",
)  # fmt: skip
FORMS = ("The {a} {n}", "{n} and {m}", "Another {n}", "{a} {n}", "{n}", "The {n} of {m}", "{m}: {n}", "On {n}")
GIVEN = ("Ada", "Piet", "Mira", "Jon", "Ella", "Tomas", "Rosa", "Karl", "Ines", "Hugo", "Lena", "Omar")
FAMILY = ("Aldren", "Berwick", "Castell", "Dorn", "Everly", "Falk", "Grent", "Holm", "Ivers", "Jansk", "Korvin", "Lund")


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The typeface that comes with Pillow, so that every machine draws the same letters."""
    return ImageFont.load_default(size)


def word(rng: Generator) -> str:
    """An invented word, or a short real one about a third of the time."""
    if rng.random() < 0.36:
        return pick(rng, SHORT)
    syllables = int(rng.choice([1, 2, 2, 3, 4], p=[0.3, 0.25, 0.2, 0.18, 0.07]))
    return "".join(pick(rng, STARTS) + pick(rng, MIDDLES) for _ in range(syllables)) + pick(rng, ENDS)


def title(rng: Generator) -> str:
    """An invented book title."""
    return pick(rng, FORMS).format(a=pick(rng, ADJECTIVES), n=pick(rng, NOUNS), m=pick(rng, NOUNS))


def author(rng: Generator) -> str:
    """An invented name."""
    return f"{pick(rng, GIVEN)} {pick(rng, FAMILY)}"


def sentence_words(rng: Generator, count: int) -> list[str]:
    """`count` words with the capitals, commas and full stops of prose."""
    words: list[str] = []
    left = 0
    for _ in range(count):
        text = word(rng)
        if left == 0:
            text, left = text.capitalize(), int(rng.integers(5, 22))
        left -= 1
        words.append(text + ("." if left == 0 else "," if rng.random() < 0.08 else ""))
    return words


def set_text(
    draw: ImageDraw.ImageDraw,
    rng: Generator,
    frame: tuple[float, float, float, float],
    size: int,
    ink: Ink,
    leading: float = 1.35,
) -> None:
    """Fill a frame (left, top, right, bottom) with justified paragraphs."""
    left, top, right, bottom = frame
    face = font(size)
    space = size * 0.28
    y, line_height = top, size * leading
    while y + line_height <= bottom:
        words = sentence_words(rng, int(rng.integers(30, 130)))
        x = left + size * 1.4
        line: list[tuple[str, float]] = []
        used = 0.0
        while words and y + line_height <= bottom:
            length = face.getlength(words[0])
            if line and x + used + length > right:
                gap = space + (right - x - used + space) / max(1, len(line) - 1)
                _set_line(draw, x, y, line, gap, ink, size)
                y, x, line, used = y + line_height, left, [], 0.0
            else:
                line.append((words.pop(0), length))
                used += length + space
        if line and y + line_height <= bottom:
            _set_line(draw, x, y, line, space, ink, size)
            y += line_height


def _set_line(
    draw: ImageDraw.ImageDraw, x: float, y: float, line: list[tuple[str, float]], gap: float, ink: Ink, size: int
) -> None:
    for text, length in line:
        draw.text((x, y), text, ink, font(size))
        x += length + gap


def centred(
    picture: Image.Image, middle: tuple[float, float], text: str, size: int, ink: Ink, widest: float, bold: float = 0
) -> float:
    """Write lines of text centred on x, starting at y, shrunk to fit `widest` pixels; returns the y below them."""
    draw = ImageDraw.Draw(picture)
    x, y = middle
    for line in text.split("\n"):
        fitted = size
        while fitted > 6 and font(fitted).getlength(line) > widest:
            fitted -= 1
        draw.text((x, y), line, ink, font(fitted), anchor="ma", stroke_width=bold * fitted)
        y += fitted * 1.2
    return y


def wrapped(text: str, letters: int) -> str:
    """The text broken into lines of about so many letters."""
    lines = [""]
    for part in text.split():
        if lines[-1] and len(lines[-1]) + len(part) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".strip()
    return "\n".join(lines)
