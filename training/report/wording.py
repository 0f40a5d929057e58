"""What the report says in words of its own: what a person changed, and the parameters."""

from __future__ import annotations

from shared.model.bundle import Labels, Manifest
from shared.model.core_samples import NOISE


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


def parameters_in_words(manifest: Manifest) -> dict[str, str]:
    """Everything that decides what the model is, by name."""
    clustering, embedder = manifest.clustering, manifest.embedder
    chosen = "chosen from the pictures" if clustering.eps_chosen == "auto" else "given"
    largest = ", the largest of all categories" if manifest.categories else ""
    parameters = {
        "neighbours": str(clustering.neighbours) if clustering.neighbours else "0, plain DBSCAN",
        "eps": f"{clustering.eps:.6g} ({chosen}{largest})",
        "min_samples": str(clustering.min_samples),
        "metric": clustering.metric,
        "core samples": f"{manifest.counts.core_samples:,}",
        "network": f"{embedder.network}, {embedder.precision}",
        "pooling": f"{embedder.pooling}: {embedder.dimensions:,} numbers a picture",
        "resize": f"{embedder.resize}, to {embedder.input} x {embedder.input} pixels",
    }
    if manifest.categories:
        parameters["categories"] = ", ".join(manifest.categories)
    return parameters | manifest.made_with


def metric_in_words(manifest: Manifest) -> str:
    return "cosine distance" if manifest.clustering.metric == "cosine" else "Euclidean distance"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
