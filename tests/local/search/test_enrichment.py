"""Paths into the enriched document."""

from __future__ import annotations

from local.search.enrichment import Enriched, Missing

IMAGES = "/document/normalized_images/*"


def document() -> Enriched:
    enriched = Enriched({"content": "text", "normalized_images": [{"data": "a"}, {"data": "b"}]})
    enriched.add(("document", "normalized_images", 0, "label"), ["open book", "double spread"])
    enriched.add(("document", "normalized_images", 1, "label"), [])
    enriched.add(("document", "normalized_images", 0, "tags"), [{"name": "x"}, {"name": "y"}])
    return enriched


def test_plain_paths() -> None:
    assert document().value("/document/content") == "text"
    assert document().value("/document/normalized_images/1/data") == "b"
    assert document().value("/document")["content"] == "text"


def test_a_star_enumerates() -> None:
    assert document().value(f"{IMAGES}/data") == ["a", "b"]
    assert document().value(f"{IMAGES}/label/*") == ["open book", "double spread"]
    assert document().value(f"{IMAGES}/tags/*/name") == ["x", "y"]


def test_a_context_fixes_its_own_stars() -> None:
    enriched = document()
    places = enriched.places(IMAGES)
    assert places == [("document", "normalized_images", 0), ("document", "normalized_images", 1)]
    first = places[0]
    assert enriched.value(IMAGES, IMAGES, first) == {"data": "a"}  # without what skills added
    assert enriched.value(f"{IMAGES}/label", IMAGES, first) == ["open book", "double spread"]
    assert enriched.value(f"{IMAGES}/tags/*/name", IMAGES, first) == ["x", "y"]
    assert enriched.value("/document/content", IMAGES, first) == "text"


def test_missing_paths_are_reported() -> None:
    assert document().value("/document/caption") == Missing("Missing value '/document/caption'.")
    assert document().value("/document/normalized_images/7/data") == Missing(
        "Missing value '/document/normalized_images/7/data'."
    )
    assert Enriched({}).places(IMAGES) == []
    assert document().places("/document/content/*") == []
