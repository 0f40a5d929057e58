import functools
from pathlib import Path

import pytest

from training import embedding_cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in tests neither fill nor profit from the developer's own cache."""
    cache = functools.partial(embedding_cache.EmbeddingCache, path=tmp_path / "cache" / "embeddings.sqlite")
    monkeypatch.setattr(embedding_cache, "EmbeddingCache", cache)
