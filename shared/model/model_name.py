"""What a model may be called: its name is a folder in a store, an app setting and part of a command line."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from shared.errors import UserError

EMBEDDERS = "embedders"
"""The folder of graphs in a store, beside those of the models."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class ModelNameError(UserError, ValueError):
    """No model can have this name. Also a ValueError, so that pydantic reports it with the field."""


def check_model_name(name: str) -> str:
    """Returns the name. Raises ModelNameError."""
    if not _NAME.fullmatch(name) or name == EMBEDDERS:
        raise ModelNameError(
            f"{name!r} can't be a model's name: use up to 63 letters, digits, dots, dashes and underscores, "
            f"a letter or digit first, and not {EMBEDDERS!r}"
        )
    return name


type ModelName = Annotated[str, AfterValidator(check_model_name)]
"""A name as it stands in a document."""
