from pathlib import Path

import pytest

from training.model.destination import DestinationError, check_destination


def test_a_folder_that_is_to_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    check_destination(tmp_path / "models" / "books")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["/dev/null", "/proc"])
def test_what_takes_no_folder_is_named(out: str) -> None:
    with pytest.raises(DestinationError, match=f"{out}.* give another --out"):
        check_destination(Path(out) / "books")


def test_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DestinationError, match=f"{file} is not a folder"):
        check_destination(file / "books")
