"""The report's thumbnails keep to their budget, and what they show first is what matters most."""

from pathlib import Path

import pytest

from tests.training.galleries import open_plainly, train_pictures
from training.gallery.gallery import Gallery
from training.report.thumbnails import Thumbnails


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return open_plainly(train_pictures(tmp_path / "models"))


def galleries(gallery: Gallery) -> list[tuple[int, ...]]:
    grouping = gallery.grouping(gallery.bundle.labels)
    return [*(group.pictures for group in grouping.groups), grouping.unclustered]


def test_a_small_folder_is_shown_whole(gallery: Gallery) -> None:
    chosen = Thumbnails(gallery).choose(galleries(gallery))
    assert sorted(chosen) == list(range(len(gallery.names)))
    assert all(inlined.uri.startswith("data:image/webp;base64,") for inlined in chosen.values())


def test_no_group_loses_its_second_picture_to_the_third_of_another(gallery: Gallery) -> None:
    whole = Thumbnails(gallery).choose(galleries(gallery))
    budget = sum(inlined.cost for inlined in whole.values()) // 2
    chosen = Thumbnails(gallery, budget).choose(galleries(gallery))
    assert 0 < sum(inlined.cost for inlined in chosen.values()) <= budget
    shown = [sum(picture in chosen for picture in group) for group in galleries(gallery)]
    assert (
        max(shown) - min(count for count, group in zip(shown, galleries(gallery), strict=True) if count < len(group))
        <= 1
    )
    for group, count in zip(galleries(gallery), shown, strict=True):
        assert all(picture in chosen for picture in group[:count])


def test_nothing_is_drawn_twice(gallery: Gallery) -> None:
    thumbnails = Thumbnails(gallery)
    first = thumbnails.choose(galleries(gallery))
    for source in gallery.sources:
        (gallery.folder.parents[1] / "pictures" / source.name).unlink()
    assert thumbnails.choose(galleries(gallery)) == first


def test_a_picture_that_is_gone_is_left_out(gallery: Gallery) -> None:
    (gallery.folder.parents[1] / "pictures" / gallery.names[3]).unlink()
    assert sorted(Thumbnails(gallery).choose(galleries(gallery))) == [0, 1, 2, *range(4, len(gallery.names))]
