"""Galleries made on the spot: pictures drawn, embedded without VGG16, trained by the real code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from shared.embedding.embedder import Vectors
from shared.model.bundle import Labels, read_bundle, write_labels
from shared.pictures.folder import find_pictures
from shared.pictures.listing import remember_pictures
from tests.conftest import noise_picture
from tests.training.plain_embedder import plain_embedder
from training.embedding.embeddings import Embedded, embed_pictures
from training.gallery.gallery import Gallery, gallery_of
from training.model.build import build_model
from training.model.extend import extend
from training.model.options import Options
from training.model.update import note_members
from training.report.cache import Choice, Curve

EPS = 0.15
HOSTILE = """<img src=x onerror="document.title='owned'">'&quot;.png"""
"""A file name that does harm wherever it is taken for markup."""

CURVE = Curve(eps=(0.1, 0.2), clusters=(3, 2), coverage=(0.5, 0.9), largest=(0.2, 0.6), score=(0.4, 0.3))
CHOICE = Choice(category="", eps=0.1, reason="it is best", curve=CURVE)

_SIZE = (96, 72)


def draw(kind: int, copy: int, towards: int | None = None) -> Image.Image:
    """A picture of a kind: copies are about 0.008 apart; those drawn towards another kind 0.1 from the others."""
    picture = noise_picture(kind, _SIZE)
    if towards is not None:
        picture = Image.blend(picture, noise_picture(towards, _SIZE), 0.35)
    return Image.blend(picture, noise_picture(1000 + 17 * kind + copy, _SIZE), 0.09)


def draw_pictures(folder: Path) -> Path:
    """Apples (5), boats (4), two kinds of cups that one eps takes for one group (4 and 4), and an odd picture."""
    folder.mkdir(parents=True)
    for copy in range(5):
        draw(1, copy).save(folder / f"apple{copy}.png")
    for copy in range(4):
        draw(2, copy).save(folder / (f"boat{copy}.png" if copy else HOSTILE))
        draw(3, copy).save(folder / f"cup{copy}.png")
        draw(3, copy + 50, towards=4).save(folder / f"mug{copy}.png")
    draw(9, 0).save(folder / "odd.png")
    return folder


def train_pictures(models: Path, name: str = "shapes", labels: Labels | None = None) -> Path:
    """Draw pictures beside `models`, train on them, return the bundle's folder. Groups: 0 boats, 1 apples, 2 cups."""
    pictures = draw_pictures(models.parent / "pictures")
    embedded = embed_pictures(find_pictures(pictures), plain_embedder(), None)
    build_model(embedded, Options(name, eps=EPS), models / name)
    remember_pictures(models / name, pictures)
    if labels:
        trained = read_bundle(models / name).labels
        changes = {field: getattr(labels, field) for field in labels.model_fields_set}
        write_labels(models / name, trained.model_copy(update=changes))
    return models / name


def open_plainly(folder: Path, pictures: Path | None = None) -> Gallery:
    """The gallery of such a bundle."""
    sources = find_pictures(pictures or folder.parents[1] / "pictures")
    embedder = plain_embedder()
    return gallery_of(folder, read_bundle(folder), embedder, sources, embed_pictures(sources, embedder, None), print)


def propose_stars(folder: Path) -> Path:
    """Four pictures of a kind that such a bundle does not know, proposed as group 3; the folder that they are in."""
    stars = folder.parents[1] / "stars"
    stars.mkdir()
    for copy in range(4):
        draw(6, copy).save(stars / f"star{copy}.png")
    found = embed_pictures(find_pictures(stars), plain_embedder(), None)
    note_members(folder, str(stars), extend(read_bundle(folder), folder, found, propose=True), found)
    return stars


def many_pictures(root: Path, count: int, groups: int) -> Gallery:
    """A gallery of tiny pictures whose embeddings are made up: some groups, and a tenth of the pictures in none."""
    (root / "pictures").mkdir(parents=True)
    random = np.random.default_rng(0)
    centres = random.normal(size=(groups, 512))
    names: list[str] = []
    vectors = random.normal(size=(count, 512))
    for row in range(count):
        group = row % groups
        names.append(f"g{group:02}-{row:05}.png")
        if row % 10:
            vectors[row] = centres[group] + 0.3 * vectors[row]
        colour = tuple(int(part) for part in random.integers(40, 255, 3))
        Image.new("RGB", (16, 12), colour).save(root / "pictures" / names[-1])
    return fabricate(root, names, vectors.astype(np.float32))


def fabricate(root: Path, names: list[str], vectors: Vectors) -> Gallery:
    """Train on pictures in `root`/pictures with given embeddings, one a name."""
    order = np.argsort(names)
    embedded = Embedded(tuple(names[row] for row in order), vectors[order], {})
    folder = root / "models" / "many"
    bundle = build_model(embedded, Options("many", eps=0.3), folder).bundle
    remember_pictures(folder, root / "pictures")
    return Gallery(folder, bundle, plain_embedder(), find_pictures(root / "pictures"), embedded)
