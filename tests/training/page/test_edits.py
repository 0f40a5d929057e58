"""Edits as the page sends them."""

import pytest
from pydantic import TypeAdapter

from tests.training.page.editing import after, name
from training.gallery.gallery import Gallery
from training.page.edited import EditError
from training.page.edits import Edit, PutBack


def test_a_group_that_is_gone_is_said_to_be(gallery: Gallery) -> None:
    with pytest.raises(EditError, match="group 7 is not there any more"):
        after(gallery, name("x", group=7))


def test_edits_are_told_apart_by_what_they_do() -> None:
    parsed: Edit = TypeAdapter[Edit](Edit).validate_json('{"op": "put_back", "pictures": [3]}')
    assert parsed == PutBack(op="put_back", pictures=(3,))
