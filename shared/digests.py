"""SHA-256 digests, by which everything that is stored is recognized."""

from __future__ import annotations

import hashlib


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
