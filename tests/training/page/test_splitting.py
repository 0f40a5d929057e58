"""A group is divided by what sets its pictures apart."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.galleries import fabricate, open_plainly, train_pictures
from training.gallery.gallery import Gallery, Group
from training.page.splitting import split_parts


def group(gallery: Gallery, cluster: int) -> Group:
    return gallery.grouping(gallery.bundle.labels).groups[cluster]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return open_plainly(train_pictures(tmp_path_factory.mktemp("shapes") / "models"))


def test_a_group_of_two_kinds_comes_apart_into_them(gallery: Gallery) -> None:
    parts = split_parts(gallery, group(gallery, 2), 2)
    assert [{gallery.names[picture][:3] for picture in part} for part in parts] == [{"cup"}, {"mug"}]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_every_picture_is_in_one_part(gallery: Gallery, count: int) -> None:
    cups = group(gallery, 2)
    parts = split_parts(gallery, cups, count)
    assert len(parts) == count
    assert sorted(picture for part in parts for picture in part) == sorted(cups.pictures)
    assert [len(part) for part in parts] == sorted((len(part) for part in parts), reverse=True)


def test_more_parts_divide_one_of_the_fewer(gallery: Gallery) -> None:
    fewer, more = (split_parts(gallery, group(gallery, 2), count) for count in (2, 3))
    assert len({*map(frozenset, fewer)} & {*map(frozenset, more)}) == 1


def test_a_large_group_is_divided_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.page.splitting._MOST_PAIRWISE", 4)
    angles = np.radians([0, 0.1, 20, 20.1, 40, 40.1])
    vectors = np.zeros((6, 512), dtype=np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(angles), np.sin(angles)
    (tmp_path / "pictures").mkdir()
    names = [f"{number}.png" for number in range(6)]
    for name in names:
        (tmp_path / "pictures" / name).write_bytes(b"")
    gallery = fabricate(tmp_path, names, vectors)
    assert sorted(map(sorted, split_parts(gallery, group(gallery, 0), 3))) == [[0, 1], [2, 3], [4, 5]]


def test_copies_of_one_picture_do_not_come_apart(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    names = [f"{number}.png" for number in range(3)]
    for name in names:
        (tmp_path / "pictures" / name).write_bytes(b"")
    gallery = fabricate(tmp_path, names, np.ones((3, 512), dtype=np.float32))
    assert split_parts(gallery, group(gallery, 0), 2) == []
