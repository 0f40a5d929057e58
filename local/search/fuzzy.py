"""How many edits make one term of another: the measure of the service's fuzzy terms."""

from __future__ import annotations


def edits(one: str, other: str) -> int:
    """Letters to insert, delete or replace, and neighbours to exchange, at the least (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]
