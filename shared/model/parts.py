"""What a bundle is made of: its manifest, its labels with a person's edits, and its arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.embedding.embedder import EmbedderSpec
from shared.model.core_samples import NOISE, Metric
from shared.model.exclusions import Excluded
from shared.model.group_names import Names
from shared.model.model_name import ModelName
from shared.model.remembered import Placed

FORMAT = 1

_FLOAT32 = np.finfo(np.float32)

type Radius = Annotated[float, Field(ge=float(_FLOAT32.tiny), le=float(_FLOAT32.max), allow_inf_nan=False)]
"""A distance that can be divided by, in the float32 of clusters.npz too."""

type FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A plain name: it can't lead out of the bundle's folder."""

type Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

type Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""The arrays' ids are int32."""


class Clustering(BaseModel):
    """DBSCAN's parameters as used; neighbours and eps are the largest where categories were trained apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Metric
    eps: Radius
    """A k-reciprocal Jaccard distance; the metric's own where no neighbours are counted."""
    min_samples: Count = Field(ge=1)
    eps_chosen: Literal["auto", "given"]
    neighbours: Count = 0
    """Of each picture, by which distances are told; 0, as in older bundles: distances are those between embeddings."""


class Counts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Count
    clustered: Count
    unclustered: Count
    skipped: Count
    clusters: Count = Field(ge=1)
    core_samples: Count

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if self.clustered + self.unclustered != self.pictures:
            raise ValueError("clustered and unclustered must add up to pictures")
        if not self.clusters <= self.core_samples <= self.clustered:
            raise ValueError("each cluster must have a core sample, and each core sample be clustered")
        return self


class Manifest(BaseModel):
    """What a bundle is: enough to serve it, to compare it and to make it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    name: ModelName
    version: str = Field(pattern=r"^[0-9a-f]{12}$")
    created: str
    embedder: EmbedderSpec
    clustering: Clustering
    categories: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Category to its clusters, where categories were trained apart; else empty."""
    counts: Counts
    members: dict[int, Count] = Field(default_factory=dict)
    """Cluster to how many pictures it has; empty in older bundles."""
    minted: Count | None = None
    """Ids of groups given out so far are below this; older bundles gave out one for each of their clusters."""
    ancestors: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")], ...] = ()
    """Versions of the trainings before it: an id of theirs means the same group here, or none."""
    files: dict[FileName, Sha256]
    """File name to SHA-256. labels.json and report.html are added when a version is published."""
    made_with: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _know_its_parts(self) -> Self:
        if self.ids < self.counts.clusters:
            raise ValueError("minted must count the ids of all clusters")
        if any(not 0 <= cluster < self.ids for ids in self.categories.values() for cluster in ids):
            raise ValueError(f"categories must be of the clusters 0 to {self.ids - 1}")
        return self

    @property
    def ids(self) -> int:
        """Ids of trained clusters are below this; not every one is in use."""
        return self.counts.clusters if self.minted is None else self.minted


class Edits(BaseModel):
    """What a person changed about the clusters themselves, laid over the arrays, which stay as trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    core: dict[int, int] = Field(default_factory=dict)
    """Core sample (row of clusters.npz) to its new cluster; NOISE where it counts for none."""
    eps: dict[int, Radius] = Field(default_factory=dict)
    """The radius of each cluster that a person made: ids that no trained one has."""
    excluded: tuple[Excluded, ...] = Field(default=(), validation_alias=AliasChoices("excluded", "taken_out"))
    """Called taken_out in files of earlier versions."""
    placed: tuple[Placed, ...] = ()
    """Pictures that a person put into a cluster and that are no core samples of the model, or is not sure about."""
    held: tuple[Placed, ...] = ()
    """Pictures that stay where they were, though an edit of others would have moved them with those."""
    by_hand: tuple[int, ...] = Field(default=(), exclude_if=lambda samples: not samples)
    """Core samples whose pictures a person put where they are, as against those that a split or a merge took along."""
    decided: tuple[int, ...] = ()
    """Clusters that a person put together: training again keeps their pictures together and apart from the others'."""
    apart: tuple[tuple[int, int], ...] = ()
    """Pairs of clusters that a person said are not the same."""


class Labels(BaseModel):
    """The names of the groups, pictures by which a group is recognized when its number changes, and edits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: dict[int, Names] = Field(default_factory=dict)
    exemplars: dict[int, tuple[str, ...]] = Field(default_factory=dict)
    not_groups: tuple[int, ...] = ()
    """Clusters that a person found to be no group: they answer as if unclustered."""
    proposed: tuple[int, ...] = Field(default=(), exclude_if=lambda clusters: not clusters)
    """Clusters found among unclustered pictures that nobody has accepted: answers are as if they were not there."""
    conflicts: tuple[int, ...] = ()
    """Clusters whose names come from others that training joined to them: a person is to say which names hold."""
    edits: Edits = Field(default_factory=Edits)

    @property
    def unanswered(self) -> tuple[int, ...]:
        """Clusters that no picture is answered with."""
        return (*self.not_groups, *self.proposed)


@dataclass(frozen=True, slots=True)
class Arrays:
    """clusters.npz: the core samples."""

    vectors: NDArray[np.float32]
    """Shape (m, dimensions): embeddings of the core samples, as the embedder made them."""
    clusters: NDArray[np.int32]
    """Shape (m,): each one's cluster, by its id."""
    eps: NDArray[np.float32]
    """Shape (ids,): each cluster's radius; 0 for an id that no trained cluster has any more."""
    reach: NDArray[np.float32]
    """Shape (ids,): the distance up to which each cluster suggests its names; at least its radius."""
    pictures: NDArray[np.int32]
    """Shape (m,): each core sample's row in assignments.csv, counted from 0."""


def unmarked(labels: Labels) -> Labels:
    """Labels with which every cluster is a group: those marked as none, and those that are proposed, too."""
    return labels.model_copy(update={"not_groups": (), "proposed": ()})


def count_members(clusters: Iterable[int]) -> dict[int, int]:
    """Manifest.members, by the cluster of each picture."""
    members = Counter(clusters)
    del members[NOISE]
    return dict(sorted(members.items()))


def next_id(ids: int, labels: Labels) -> int:
    """The first id that was never given out: neither to one of the trained clusters, below `ids`, nor by a person."""
    return max(ids, max(labels.edits.eps, default=NOISE) + 1)
