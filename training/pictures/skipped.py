"""Files that were not read, in words: each sort with its reason, and with the names of the first few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_NAMED = 3


def skipped_in_words(skipped: Mapping[str, str]) -> Iterator[str]:
    """One line for each file, or for each reason that holds for many; `skipped` is the reason by name."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in skipped.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        if len(names) <= _NAMED:
            yield from (f"Skipped {name}: {reason}" for name in names)
        else:
            first = ", ".join(names[:_NAMED])
            yield f"Skipped {len(names)} files: {reason}. They are {first} and {len(names) - _NAMED} more"


def litter_in_words(count: int) -> Iterator[str]:
    """A line where hidden files, folders of thumbnails and the like were passed over."""
    if count:
        yield f"Passed over {count} hidden or system {'file' if count == 1 else 'files and folders'}"
