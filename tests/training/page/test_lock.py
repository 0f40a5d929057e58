"""One page a bundle."""

import sys
from pathlib import Path

import pytest

from shared.model.bundle import MANIFEST
from training.page.lock import InUseError, exclusive


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such lock on Windows")
def test_a_second_page_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(b"{}")
    with exclusive(tmp_path):
        with pytest.raises(InUseError, match="open in a naming page already"), exclusive(tmp_path):
            pytest.fail("let in")
        assert (tmp_path / MANIFEST).read_bytes() == b"{}"
    with exclusive(tmp_path):
        assert list(tmp_path.iterdir()) == [tmp_path / MANIFEST]
