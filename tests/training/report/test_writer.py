"""report.html: one file that says what the model is, with the names of now, whatever files and names are called."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import override

import pytest

from shared.model.bundle import REPORT, Labels, read_bundle, write_labels
from shared.model.core_samples import NOISE
from shared.model.exclusions import Excluded
from shared.model.parts import Edits
from shared.pictures.folder import find_pictures
from shared.pictures.listing import remember_pictures
from tests.training.galleries import CHOICE, EPS, HOSTILE, draw_pictures, open_plainly, train_pictures
from tests.training.plain_embedder import plain_embedder
from training.embedding.embeddings import embed_pictures
from training.gallery.gallery import Gallery
from training.model.build import build_model
from training.model.options import Options
from training.report.version import reported_version
from training.report.writer import Report


class Page(HTMLParser):
    """A report's elements, and its text."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.source = (folder / REPORT).read_text("utf-8")
        self.feed(self.source)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return train_pictures(tmp_path / "models", labels=Labels(labels={0: ("boat", "</script><b>ship")}))


def write(gallery: Gallery) -> Page:
    bundle = read_bundle(gallery.folder)
    Report(gallery, [CHOICE]).write(bundle.labels, bundle.version)
    return Page(gallery.folder)


def test_it_shows_groups_pictures_map_curve_and_parameters(folder: Path) -> None:
    page = write(open_plainly(folder))
    assert "</script><b>ship" in page.text
    assert "Group 0 · 4 pictures, 22%" in page.text
    assert "1 picture, 6% · nearest misses first" in page.text
    assert "it is best" in page.text
    assert len(page.all("polyline")) == 4
    for parameter in ("eps", "min_samples", "pooling", "resize"):
        assert parameter in page.text
    dots = [circle for circle in page.all("circle") if "data-picture" in circle]
    assert {dot["data-name"] for dot in dots} == set(open_plainly(folder).names)
    assert len({(dot["cx"], dot["cy"]) for dot in dots}) == len(dots)


def test_copies_of_a_picture_come_after_the_others_and_say_so(folder: Path) -> None:
    pictures = folder.parents[1] / "pictures"
    (pictures / "0copy.png").write_bytes((pictures / "apple3.png").read_bytes())
    page = write(open_plainly(folder))
    names = [image["alt"] for image in page.all("img")]
    one, other = names.index("apple3.png"), names.index("0copy.png")
    assert max(one, other) > max(names.index(f"apple{copy}.png") for copy in (0, 1, 2, 4))
    assert page.text.count(" copy ") == 1


def test_the_file_comes_before_its_folder(folder: Path) -> None:
    pictures = folder.parents[1] / "pictures"
    (pictures / "summer").mkdir()
    (pictures / "apple3.png").rename(pictures / "summer" / "apple3.png")
    page = write(open_plainly(folder))
    assert "apple3.png summer" in page.text
    assert "summer/apple3.png" in [image["alt"] for image in page.all("img")]


def test_it_needs_nothing_but_itself(folder: Path) -> None:
    page = write(open_plainly(folder))
    for _, attributes in page.elements:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("data:image/webp;base64,", "#"))
    assert "url(" not in page.source
    assert "http" not in re.sub("http-equiv", "", page.source)


def test_names_and_files_are_never_markup(folder: Path) -> None:
    page = write(open_plainly(folder))
    assert HOSTILE in page.text
    assert HOSTILE in [image["alt"] for image in page.all("img")]
    assert len(page.all("script")) == 1
    assert not page.all("b")
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_the_policy_admits_its_own_style_and_script_only(folder: Path) -> None:
    page = write(open_plainly(folder))
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert " ".join(policy.split()).startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert all("style" not in attributes for _, attributes in page.elements)


def test_every_name_has_an_accessible_text_and_every_section_a_heading(folder: Path) -> None:
    page = write(open_plainly(folder))
    ids = {attributes.get("id") for _, attributes in page.elements}
    for section in page.all("section"):
        assert section["aria-labelledby"] in ids
    assert all(image.get("alt") is not None for image in page.all("img"))
    for link in page.all("a"):
        assert (link["href"] or "").removeprefix("#") in ids


def test_new_names_replace_the_old_ones(folder: Path) -> None:
    gallery = open_plainly(folder)
    report = Report(gallery)
    bundle = read_bundle(folder)
    report.write(bundle.labels, bundle.version)
    assert reported_version(folder) == bundle.version
    write_labels(folder, bundle.labels.model_copy(update={"labels": {0: ("ferry",)}}))
    renamed = read_bundle(folder)
    assert reported_version(folder) != renamed.version
    report.write(renamed.labels, renamed.version)
    assert reported_version(folder) == renamed.version
    text = Page(folder).text
    assert "ferry" in text
    assert "ship" not in text


def test_what_a_person_changed_is_shown(folder: Path) -> None:
    gallery = open_plainly(folder)
    boat = gallery.names.index("boat1.png")
    out = Excluded(picture="boat1.png", clusters=(0,), vector=gallery.vectors[boat].tobytes())
    edits = Edits(core={0: NOISE}, excluded=(out,))
    labels = gallery.bundle.labels.model_copy(update={"not_groups": (1,), "edits": edits})
    Report(gallery).write(labels, "version")
    text = Page(folder).text
    assert (
        "By hand: 1 core sample made unclustered, 1 picture removed from its group, with all that is more like it"
        in text
    )
    assert "1 group marked as none, so that the pictures are unclustered." in text
    assert "7 pictures, 39% · nearest misses first" in text


def test_no_group_may_be_left(folder: Path) -> None:
    gallery = open_plainly(folder)
    groups = gallery.grouping(gallery.bundle.labels).groups
    labels = gallery.bundle.labels.model_copy(update={"not_groups": tuple(group.cluster for group in groups)})
    Report(gallery).write(labels, "version")
    text = Page(folder).text
    assert "18 pictures, 100%" in text
    assert "How different the next picture of a group may be (eps)" in text


def test_the_same_twice_is_the_same_to_the_byte(folder: Path) -> None:
    first = write(open_plainly(folder)).source
    (folder / ".report.json").unlink()
    assert write(open_plainly(folder)).source == first


def test_places_on_the_map_are_noted_and_used_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(open_plainly(folder))
    noted = json.loads((folder / ".report.json").read_bytes())
    assert set(noted["positions"]) == set(open_plainly(folder).names)
    monkeypatch.setattr("training.report.writer.place", None)
    bundle = read_bundle(folder)
    Report(open_plainly(folder)).write(bundle.labels, bundle.version)
    assert "it is best" in Page(folder).text


def test_what_was_left_out_is_said(folder: Path) -> None:
    pictures = folder.parents[1] / "pictures"
    (pictures / "apple0.png").unlink()
    (pictures / "apple1.png").write_bytes(b"damaged")
    gallery = open_plainly(folder)
    Report(gallery, budget=12_000).write(gallery.bundle.labels, "version")
    text = Page(folder).text
    assert re.search(r"\d+ pictures of 16 are on the map without a thumbnail", text)
    assert re.search(r"\d+ pictures? left out of this page to keep it small", text)
    assert "1 picture that the model was trained on is not in the folder any more apple0.png" in text
    assert "apple1.png : it is not a picture in any known format" in text


def test_there_may_be_no_report_or_none_of_ours(tmp_path: Path) -> None:
    assert reported_version(tmp_path) is None
    (tmp_path / REPORT).write_bytes(b"<html>\xff")
    assert reported_version(tmp_path) is None
    (tmp_path / REPORT).write_bytes(b"<html></html>")
    assert reported_version(tmp_path) is None


@pytest.mark.parametrize("weak", [False, True])
def test_it_warns_of_groups_that_hardly_set_themselves_apart(folder: Path, weak: bool) -> None:
    gallery = open_plainly(folder)
    bundle = read_bundle(folder)
    Report(gallery, [CHOICE.model_copy(update={"weak": weak})]).write(bundle.labels, bundle.version)
    assert ("hardly set themselves apart" in Page(folder).text) == weak


def test_categories_have_headings_and_parameters_of_their_own(tmp_path: Path) -> None:
    pictures, folder = draw_pictures(tmp_path / "pictures"), tmp_path / "models" / "shapes"
    embedded = embed_pictures(find_pictures(pictures), plain_embedder(), None)
    kinds = {"a": "<fruit>", "o": "odd ones"}
    categories = [kinds.get(name[0], "vessels") for name in embedded.names]
    build_model(embedded, Options("shapes", eps=EPS), folder, categories=categories)
    remember_pictures(folder, pictures)
    draw_pictures(tmp_path / "more")
    (tmp_path / "more" / "apple0.png").rename(pictures / "late.png")
    page = write(open_plainly(folder))
    assert "Category <fruit> 6 pictures in 1 group, 0 unclustered" in page.text
    assert "Category odd ones 1 picture in 0 groups, 1 unclustered" in page.text
    assert "Category vessels 12 pictures in 2 groups, 0 unclustered" in page.text
    assert page.text.count("How different the next picture of a group may be (eps) 0.15, given") == 3
    overview, map_, rest = "h2 h3 h3 h3", "h2", "h2 h2 h2 h2"
    groups = "h2 h3 h2 h2 h3 h3"  # three categories, and the groups of each
    levels = " ".join(tag for tag, _ in page.elements if tag in {"h1", "h2", "h3"})
    assert levels == f"h1 {overview} {map_} {groups} {rest}"
    for copy in range(5):
        (pictures / f"apple{copy}.png").rename(pictures / f"late{copy}.png")
    page = write(open_plainly(folder))
    assert "Category <fruit> 6 pictures in 1 group, 0 unclustered" in page.text, (
        "a group keeps its category when all of its pictures are new"
    )
