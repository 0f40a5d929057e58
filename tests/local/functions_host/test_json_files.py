from pathlib import Path

import pytest

from local.functions_host.json_files import HostError, as_object, read_object


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_bytes(b'\xef\xbb\xbf{"version": "2.0"}')
    assert read_object(path) == {"version": "2.0"}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "is not valid JSON"), (b"\xff\xfe{}", "is not valid JSON"), (b"[]", "must be a JSON object")],
)
def test_what_is_no_json_object_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "host.json"
    path.write_bytes(content)
    with pytest.raises(HostError, match=rf"host\.json {message}"):
        read_object(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"absent\.json can't be read: No such file"):
        read_object(tmp_path / "absent.json")


def test_an_absent_section_is_empty() -> None:
    assert as_object(None, "Values") == {}
