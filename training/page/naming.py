"""Edits that change what groups are called, and whether they are groups at all."""

from __future__ import annotations

from collections.abc import Sequence

from shared.model.bundle import Labels
from shared.model.group_names import MOST_NAMES, tidy_name
from training.gallery.gallery import Group
from training.page.edited import Edited, EditError, sentence, title, with_names, without_proposed

# A name is a word or a few; AI Search would take 32,766 bytes, a reader would not.
_LONGEST_NAME = 100


def name(labels: Labels, group: Group, add: Sequence[str], remove: Sequence[str]) -> Edited:
    before = labels.labels.get(group.cluster, ())
    removed = {name.casefold() for name in remove}
    names = tidy_names([*(name for name in before if name.casefold() not in removed), *add])
    if names == before:
        # To say once more what a group is called settles whether it is.
        return Edited(with_names(labels, group.cluster, names), "Nothing to change")
    added = [name for name in names if name not in before]
    gone = [name for name in before if name not in names]
    new = with_names(labels, group.cluster, names)
    if names:
        new = without_proposed(new, [group.cluster])
    changes = [f"{verb} “{', '.join(some)}”" for verb, some in (("named", added), ("no longer", gone)) if some]
    return Edited(new, f"Group {group.cluster} {' and '.join(changes)}")


def mark(labels: Labels, group: Group, *, not_group: bool) -> Edited:
    marked = set(labels.not_groups) - {group.cluster} | ({group.cluster} if not_group else set())
    state = "marked as not a group: its pictures answer as unclustered" if not_group else "is a group again"
    new = labels.model_copy(update={"not_groups": tuple(sorted(marked))})
    if group.cluster in labels.proposed:
        new, state = without_proposed(new, [group.cluster]), state if not_group else "is a group now"
    return Edited(new, f"{sentence(title(labels, group.cluster))} {state}")


def tidy_names(given: Sequence[str]) -> tuple[str, ...]:
    """Names with their spaces in order, each once. Raises EditError for what can't be a name, and for too many."""
    names: dict[str, str] = {}
    for name in map(_tidy, given):
        if name:
            names.setdefault(name.casefold(), name)
    if len(names) > MOST_NAMES:
        raise EditError(f"that would be {len(names)} names: a group has at most {MOST_NAMES}")
    return tuple(names.values())


def _tidy(name: str) -> str:
    if not name.strip():
        return ""
    try:
        tidy = tidy_name(name)
    except ValueError as error:
        raise EditError(str(error)) from None
    if len(tidy) > _LONGEST_NAME:
        raise EditError(f"“{tidy[:20]}…” has {len(tidy)} characters: a name has at most {_LONGEST_NAME}")
    return tidy
