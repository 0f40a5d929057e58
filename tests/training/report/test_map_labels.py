"""Names on the map can be read: none covers another."""

from training.report.map_labels import MapLabel, lay_out


def test_the_first_of_two_that_would_overlap_is_shown() -> None:
    first, second, third = MapLabel(100, 50, "open book", 0), MapLabel(120, 55, "door", 1), MapLabel(400, 50, "door", 2)
    assert [label.text for label in lay_out([first, second, third], 720) if label.zoom == 1] == ["open book", "door"]


def test_a_name_without_room_is_shown_from_the_zoom_on_that_gives_it_some() -> None:
    far, near = MapLabel(100, 50, "open book", 0), MapLabel(120, 55, "door", 1)
    assert [(label.text, label.zoom) for label in lay_out([far, near], 720)] == [("open book", 1), ("door", 4)]
    same = MapLabel(100, 50, "shelf", 1)
    assert lay_out([far, same], 720) == lay_out([far], 720)


def test_labels_stay_on_the_map() -> None:
    left, right = lay_out([MapLabel(0, 0, "a long name", 0), MapLabel(720, 300, "a long name", 1)], 720)
    assert 0 < left.x < 100
    assert left.y > 0
    assert 620 < right.x < 720


def test_a_long_name_is_cut() -> None:
    (label,) = lay_out([MapLabel(360, 50, "x" * 100, 0)], 720)
    assert label.text == "x" * 23 + "…"
