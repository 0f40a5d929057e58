"""What the index says about each picture in fields of text: Computer Vision's tags, a prompt's answers, anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure.search.documents import SearchClient
from azure.storage.blob import ContainerClient

from infra.search.comparison import VISION
from infra.search.pictures import blob_name
from infra.search.queries import every
from shared.errors import UserError
from shared.printable import printable

_TEXTS = ("Edm.String", "Collection(Edm.String)")


class FieldError(UserError):
    """The index has no such field, or none of text."""


def read_texts(
    images: ContainerClient, documents: SearchClient, fields: Sequence[Any], wanted: Sequence[str]
) -> dict[str, list[str]]:
    """The texts in the fields `wanted` by picture; a file with several pages has those of all.

    `fields` are the index's. Without `wanted`, Computer Vision's are read. Raises FieldError.
    """
    texts = [field.name for field in fields if field.type in _TEXTS and not field.hidden]
    chosen = list(dict.fromkeys(wanted)) or [name for name in VISION if name in texts]
    if not chosen:
        raise FieldError(f"the index has no field {' or '.join(VISION)}: give --field one of {', '.join(texts)}")
    for name in chosen:
        if name not in texts:
            raise FieldError(f"{printable(name)} is not a field of text in the index: there are {', '.join(texts)}")
    found: dict[str, list[str]] = {}
    for document in every(documents, list(dict.fromkeys(["url", *chosen]))):
        picture = blob_name(images, document["url"] or "")
        values = [document[name] for name in chosen]
        said = [text for value in values for text in ([value] if isinstance(value, str) else value or ())]
        if picture is not None and said:
            found.setdefault(picture, []).extend(said)
    return found
