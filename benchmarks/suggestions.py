"""`python -m benchmarks.suggestions`: the names that the naming page suggests for groups of drawings, to be looked at.

Debian's tuxpaint-stamps-default sorts drawings into folders by kind, gives each file the name of what it shows, and has
a line about each in many languages. A suggestion fits where it names the folder that a group's largest part is from.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from benchmarks.groups.packages import debian_package
from shared.model.assignments_csv import read_rows
from shared.model.core_samples import NOISE
from training.model.options import Options
from training.model.train import train
from training.page.suggesting import Suggester, texts_of_name

_LEAST = 8
"""Drawings of a kind."""
_NAME = "stamps"
_LANGUAGES = ("en", "de", "ja")

type Texts = Mapping[str, Iterable[str]]
"""What is written about each picture, by its name."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is suggested for one group."""

    pictures: int
    kind: str
    """The folder that the largest part of its pictures is from."""
    share: float
    """Of its pictures that are from there."""
    words: list[str]

    @property
    def fits(self) -> bool:
        """Whether the first word is one of the folder's."""
        return bool(self.words) and self.words[0].casefold() in self.kind.casefold().split("/")


def suggested(clusters: Mapping[str, int], texts: Texts) -> list[Suggested]:
    """For each group, the largest first. `clusters` has the group of each picture, NOISE where it is in none."""
    suggester = Suggester([texts[name] for name in clusters])
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for row, cluster in enumerate(clusters.values()):
        if cluster != NOISE:
            groups[cluster].append(row)
    kinds = [str(PurePosixPath(name).parent) for name in clusters]
    found: list[Suggested] = []
    for group, words in suggester.suggest(groups).items():
        (kind, count), *_ = Counter(kinds[row] for row in groups[group]).most_common()
        found.append(Suggested(len(groups[group]), kind, count / len(groups[group]), words))
    return sorted(found, key=lambda one: -one.pictures)


def show(heading: str, found: list[Suggested]) -> None:
    print(f"\n{heading}: of {len(found)} groups, {sum(bool(one.words) for one in found)} get a suggestion, ", end="")
    print(f"{sum(one.fits for one in found)} first the name of the folder that its largest part is from")
    for one in found:
        print(f"{one.pictures:5} {one.share:.2f} {one.kind:28} {', '.join(one.words)}")


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.suggestions", description=__doc__).parse_args()
    stamps = debian_package("tuxpaint-stamps-default") / "usr/share/tuxpaint/stamps"
    with TemporaryDirectory() as root:
        pictures = collect(stamps, Path(root))
        train(str(pictures), Options(_NAME), Path(root))
        clusters = {row.picture: row.cluster for row in read_rows(Path(root) / _NAME)}
    show("folders and files", suggested(clusters, {name: texts_of_name(name) for name in clusters}))
    show("files", suggested(clusters, {name: texts_of_name(PurePosixPath(name).name) for name in clusters}))
    for language in _LANGUAGES:
        lines = {name: [line_in(stamps / name, language)] for name in clusters}
        show(f"lines in {language}", suggested(clusters, lines))


def collect(stamps: Path, root: Path) -> Path:
    """Copy the kinds that have enough drawings; drawings that are another one mirrored are left out."""
    found: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in sorted(stamps.rglob("*.png")):
        folder = path.parent.relative_to(stamps)
        if not re.search("cartoon|alphabets|math", str(folder)) and not re.search("_mirror|_flip", path.stem):
            found[folder].append(path)
    for folder, paths in found.items():
        if len(paths) >= _LEAST:
            (root / "pictures" / folder).mkdir(parents=True)
            for path in paths:
                shutil.copy(path, root / "pictures" / folder)
    return root / "pictures"


def line_in(picture: Path, language: str) -> str:
    """The first is English; the others begin with their language."""
    path = picture.with_suffix(".txt")
    first, *others = path.read_text("utf-8").splitlines() if path.exists() else [""]
    if language == "en":
        return first
    return next((line.partition("=")[2] for line in others if line.startswith(f"{language}.utf8=")), "")


if __name__ == "__main__":
    main()
