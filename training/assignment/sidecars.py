"""Names for other programs: an XMP sidecar beside each picture, or in a folder of their own. No picture is touched.

`photo.jpg.xmp` belongs to `photo.jpg`, as digiKam and darktable have it; exiftool reads any name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from shared.files import write_atomically
from shared.model.model import Assignment
from training.assignment.assign import AssignError, Row, Tally
from training.assignment.placing import check_below, place_each

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_LIGHTROOM = "http://ns.adobe.com/lightroom/1.0/"
_XMP_META = "adobe:ns:meta/"
_PREFIXES = {"rdf": _RDF, "dc": _DC, "lr": _LIGHTROOM, "x": _XMP_META}

# What separates the levels of a hierarchical subject.
_LEVELS = "|"


def write_sidecars(
    rows: Iterable[Row],
    output: Path,
    categories: Mapping[str, str] | None = None,
    *,
    force: bool = False,
    advance: Callable[[int], None] = lambda steps: None,
) -> Tally:
    """Write a sidecar below `output` for each picture that has names. Running again adds what is missing.

    Categories, by picture, become the upper level of hierarchical subjects. Raises AssignError when another file is in
    the way and `force` is not set.
    """

    def place(picture: str, assignment: Assignment) -> bool:
        if not assignment.names:
            return False
        content = sidecar(assignment.names, categories[picture] if categories else None)
        return not _write(check_below(output / f"{picture}.xmp", output, picture), content, force=force)

    return place_each(rows, place, advance)


def sidecar(names: Iterable[str], category: str | None = None) -> bytes:
    """An XMP packet with the names as dc:subject and, below the category if there is one, as lr:hierarchicalSubject."""
    for prefix, uri in _PREFIXES.items():
        ElementTree.register_namespace(prefix, uri)
    subjects = [_text(name) for name in names]
    # The separator within a name would make levels of it.
    levels = [subject.replace(_LEVELS, "/") for subject in subjects]
    if category:
        levels = [f"{_text(category).replace(_LEVELS, '/')}{_LEVELS}{level}" for level in levels]
    meta = ElementTree.Element(f"{{{_XMP_META}}}xmpmeta")
    rdf = ElementTree.SubElement(meta, f"{{{_RDF}}}RDF")
    description = ElementTree.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    for tag, values in ((f"{{{_DC}}}subject", subjects), (f"{{{_LIGHTROOM}}}hierarchicalSubject", levels)):
        bag = ElementTree.SubElement(ElementTree.SubElement(description, tag), f"{{{_RDF}}}Bag")
        for value in values:
            ElementTree.SubElement(bag, f"{{{_RDF}}}li").text = value
    ElementTree.indent(meta)
    return ElementTree.tostring(meta, "utf-8", xml_declaration=True) + b"\n"


def _text(name: str) -> str:
    """A name without what XML can't hold."""
    return "".join(letter if letter.isprintable() else " " for letter in name)


def _write(target: Path, content: bytes, *, force: bool) -> bool:
    """Whether something was done: False where the right file is there already."""
    if target.exists():
        if target.read_bytes() == content:
            return False
        if not force:
            raise AssignError(f"{target} is there already, with other content: choose another --output, or --force")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, content)
    return True
