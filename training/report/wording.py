"""What the report says in words of its own: what a person changed, and the parameters."""

from __future__ import annotations

from collections.abc import Sequence

from shared.model.bundle import Labels, Manifest
from shared.model.core_samples import NOISE
from training.report.cache import Choice


def edits_in_words(labels: Labels) -> list[str]:
    """What a person changed about the groups, beyond their names."""
    split = len(labels.edits.eps)
    unclustered = sum(cluster == NOISE for cluster in labels.edits.core.values())
    out = len(labels.edits.excluded)
    whose, them = ("its group", "it") if out == 1 else ("their groups", "them")
    marked = len(labels.not_groups)
    counted = (
        (split, f"{split} group{_s(split)} made by splitting"),
        (unclustered, f"{unclustered} core sample{_s(unclustered)} made unclustered"),
        (out, f"{out} picture{_s(out)} removed from {whose}, with all that is more like {them} than like the group"),
        (marked, f"{marked} group{_s(marked)} marked as none, so that the pictures are unclustered"),
    )
    return [words for count, words in counted if count]


def clustering_in_words(manifest: Manifest, choice: Choice | None, radii: Sequence[float]) -> dict[str, str]:
    """How pictures were grouped: all of them, or those of one category.

    `choice` is how training chose for them, where it did and noted it; `radii` are their groups'.
    """
    clustering = manifest.clustering
    told: dict[str, str] = {}
    # The manifest has the largest of all categories.
    if choice or clustering.eps_chosen == "given" or not manifest.categories:
        neighbours, eps = (choice.neighbours, choice.eps) if choice else (clustering.neighbours, clustering.eps)
        chosen = "chosen from the pictures" if clustering.eps_chosen == "auto" else "given"
        told["Neighbours that pictures are compared by (k)"] = str(neighbours) if neighbours else "none: plain DBSCAN"
        told["How different the next picture of a group may be (eps)"] = f"{eps:.4g}, {chosen}"
    if radii:
        least, most = f"{min(radii):.3f}", f"{max(radii):.3f}"
        told[f"How far from its group a new picture may be (radius, {metric_in_words(manifest)})"] = (
            least if least == most else f"{least} to {most}, by group"
        )
    return told


def parameters_in_words(manifest: Manifest) -> dict[str, str]:
    """Everything that decides what the model is, by name, but for what clustering_in_words tells."""
    clustering, embedder = manifest.clustering, manifest.embedder
    parameters = {
        "min_samples": str(clustering.min_samples),
        "metric": clustering.metric,
        "core samples": f"{manifest.counts.core_samples:,}",
        "network": f"{embedder.network}, {embedder.precision}",
        "pooling": f"{embedder.pooling}: {embedder.dimensions:,} numbers a picture",
        "resize": f"{embedder.resize}, to {embedder.input} x {embedder.input} pixels",
    }
    return parameters | manifest.made_with


def metric_in_words(manifest: Manifest) -> str:
    return "cosine distance" if manifest.clustering.metric == "cosine" else "Euclidean distance"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
