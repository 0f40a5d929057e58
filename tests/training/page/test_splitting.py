"""The options for splitting a group."""

from pathlib import Path

import numpy as np
import pytest

from shared.model.bundle import Labels
from tests.training.galleries import fabricate, open_plainly, train_pictures
from training.gallery.gallery import Gallery, Group
from training.page.splitting import SplitOption, split_options, split_parts


def groups(gallery: Gallery) -> tuple[Group, ...]:
    return gallery.grouping(gallery.bundle.labels).groups


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return open_plainly(train_pictures(tmp_path_factory.mktemp("shapes") / "models"))


def test_a_group_of_two_kinds_comes_apart_into_them(gallery: Gallery) -> None:
    cups = groups(gallery)[2]
    (option, *_) = split_options(gallery, gallery.bundle.labels, cups)
    assert option.min_samples == 3
    assert [len(part) for part in split_parts(gallery, gallery.bundle.labels, cups, option)] == [4, 4]


def test_each_way_gives_other_parts(gallery: Gallery) -> None:
    cups = groups(gallery)[2]
    found = split_options(gallery, gallery.bundle.labels, cups)
    parts = [split_parts(gallery, gallery.bundle.labels, cups, option) for option in found]
    assert [option.eps for option in found] == sorted((option.eps for option in found), reverse=True)
    assert all(parts.count(part) == 1 for part in parts)


def test_parts_are_core_samples_of_the_group_and_disjoint(gallery: Gallery) -> None:
    cups = groups(gallery)[2]
    own = {gallery.samples[picture] for picture in cups.pictures}
    for option in split_options(gallery, gallery.bundle.labels, cups):
        rows = [row for part in split_parts(gallery, gallery.bundle.labels, cups, option) for row in part]
        assert set(rows) <= own
        assert len(set(rows)) == len(rows)


def pairs(tmp_path: Path) -> Gallery:
    """One group of three pairs: each has a twin, and the pairs follow one another at a distance."""
    angles = np.radians([0, 0.1, 20, 20.1, 40, 40.1])
    vectors = np.zeros((6, 512), dtype=np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(angles), np.sin(angles)
    (tmp_path / "pictures").mkdir()
    names = [f"{number}.png" for number in range(6)]
    for name in names:
        (tmp_path / "pictures" / name).write_bytes(b"")
    return fabricate(tmp_path, names, vectors)


def test_pairs_make_parts_where_nothing_else_does(tmp_path: Path) -> None:
    gallery = pairs(tmp_path)
    (whole,) = groups(gallery)
    (option, *_) = split_options(gallery, gallery.bundle.labels, whole)
    assert option.min_samples == 2
    assert split_parts(gallery, gallery.bundle.labels, whole, option) == [(0, 1), (2, 3), (4, 5)]


def test_a_group_of_one_kind_does_not_come_apart_into_two_kinds(tmp_path: Path) -> None:
    gallery = pairs(tmp_path)
    (whole,) = groups(gallery)
    assert split_parts(gallery, gallery.bundle.labels, whole, SplitOption(1e-9, 3)) == []
    assert split_options(gallery, Labels(not_groups=(0,)), whole) == split_options(gallery, Labels(), whole)
