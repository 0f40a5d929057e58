"""What the index has in no group, for training to find groups in: with its vectors, so no picture is read again."""

from __future__ import annotations

import numpy as np

from infra.search.clients import Clients
from infra.search.pictures import blob_name
from infra.search.recognize import Served, unclustered
from shared.errors import UserError
from shared.model.met import Met, MetPicture
from shared.model.remembered import vector_bytes
from shared.pictures.source import has_suffix


class NoVectorsError(UserError):
    """Groups can't be found in this index."""


def read_met(clients: Clients, served: Served) -> Met:
    """The unclustered pictures of the container by their blobs' names. Raises NoVectorsError.

    What is in a document of several pictures has no blob of its own, and is left out.
    """
    fields = clients.indexes.get_index(clients.index).fields
    if not {"vector", "cluster_id"} <= {field.name for field in fields}:
        raise NoVectorsError("this index keeps no vectors: deploy with SEARCH_VECTOR=true, then `reset` and `run`")
    pictures: dict[str, list[MetPicture]] = {}
    for document in unclustered(clients.documents, fields, served, ["url"]):
        name = blob_name(clients.images, document["url"] or "")
        if name is not None and has_suffix(name):
            vector = np.array(document["vector"], dtype=np.float32)
            picture = MetPicture(picture=name, vector=vector_bytes(vector), category=document.get("category"))
            pictures.setdefault(name, []).append(picture)
    alone = tuple(found[0] for found in pictures.values() if len(found) == 1)
    return Met(place=clients.images.url, embedder=served.bundle.manifest.embedder, pictures=alone)
