import pytest
from pydantic import BaseModel, ValidationError

from shared.model.model_name import ModelName, ModelNameError, check_model_name


class Document(BaseModel):
    name: ModelName


@pytest.mark.parametrize("name", ["books", "0", "Books-2.1_final", "b" * 63])
def test_accepts_what_is_a_folder_name_everywhere(name: str) -> None:
    assert check_model_name(name) == name
    assert Document(name=name).name == name


@pytest.mark.parametrize("name", ["", "../books", "a/b", "a b", ".books", "books\n", "embedders", "b" * 64])
def test_refuses_what_leaves_its_folder_or_is_taken(name: str) -> None:
    with pytest.raises(ModelNameError, match="can't be a model's name: use up to 63 letters"):
        check_model_name(name)
    with pytest.raises(ValidationError, match="can't be a model's name"):
        Document(name=name)
