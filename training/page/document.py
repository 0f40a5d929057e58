"""The labels that a naming page works on: every change is on the disk before it is answered, and can be undone.

Several tabs share one document. A change says what it changes, not what the whole shall be, so changes of two tabs add
up; what another program wrote into labels.json meanwhile is taken over first and never overwritten.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from shared.digests import sha256
from shared.documents import to_json
from shared.errors import UserError
from shared.model.bundle import LABELS, Labels, full_version, read_bundle, read_manifest, write_labels
from shared.model.parts import next_id
from training.gallery.gallery import Gallery, Group, Grouping
from training.model.ids import note_minted
from training.page.edited import EditError
from training.page.edits import Edit, Split, apply, shown_grouping
from training.page.history import History

type Changed = Callable[[Labels, str, Grouping], None]
"""Told of labels that have just been saved, the model's version with them, and where the pictures are with them."""


class OutdatedError(UserError):
    """The change was meant for something that another tab or program has changed since. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The document at one moment."""

    labels: Labels
    digest: str
    """SHA-256 of labels.json: another digest is another state."""
    answered: Grouping
    """As the Function answers."""
    shown: Grouping
    """The same, but groups marked as none keep their pictures."""
    undo: str | None
    """What the next undo takes back, in words; None when there is nothing."""
    redo: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change."""

    now: Snapshot
    message: str
    """What was done, in words."""
    concurrent_change: bool
    """Whether something else had changed since the person looked."""


class Document:
    """Safe to use from several threads."""

    def __init__(self, gallery: Gallery, changed: Changed) -> None:
        """`changed` is called after each save, within it: it must be quick."""
        self.gallery = gallery
        self._changed = changed
        self._lock = threading.Lock()
        self._history = History(gallery.folder, gallery.bundle.manifest.version)
        self._labels = gallery.bundle.labels
        self._digest = ""
        self._answered = gallery.grouping(self._labels)
        self._shown = shown_grouping(gallery, self._labels, self._answered)
        with self._lock:
            self._catch_up()

    def snapshot(self) -> Snapshot:
        """What is on the disk now. Raises shared.errors.UserError when that can't be used."""
        with self._lock:
            self._catch_up()
            return self._snapshot()

    def change(self, edit: Edit, base: str) -> Outcome:
        """Make an edit and save it. `base` is the digest that the person looked at.

        Raises EditError, and OutdatedError for a split that was looked at before something else changed.
        """
        with self._lock:
            self._catch_up()
            concurrent_change = base != self._digest
            if isinstance(edit, Split) and concurrent_change:
                raise OutdatedError("Something changed since this split was shown: look at it again")
            edited = apply(edit, self.gallery, self._labels, self._shown)
            if edited.labels != self._labels:
                self._history.add(edited.message, self._labels, edited.labels)
                self._save(edited.labels)
                self._history.forth()
            return Outcome(self._snapshot(), edited.message, concurrent_change)

    def undo(self, base: str) -> Outcome:
        """Take back the last change. Raises OutdatedError when it is not the one that the person saw last."""
        with self._lock:
            self._expect(base)
            if (step := self._history.undo) is None:
                raise EditError("There is nothing to undo")
            self._save(step.before)
            self._history.back()
            return Outcome(self._snapshot(), f"Undone: {step.message}", concurrent_change=False)

    def redo(self, base: str) -> Outcome:
        """Make the change again that was undone last. Raises OutdatedError as undo does."""
        with self._lock:
            self._expect(base)
            if (step := self._history.redo) is None:
                raise EditError("There is nothing to redo")
            self._save(step.after)
            self._history.forth()
            return Outcome(self._snapshot(), f"Done again: {step.message}", concurrent_change=False)

    def group(self, cluster: int) -> tuple[Snapshot, Group]:
        """A group as it is shown. Raises EditError when it is not there."""
        found = self.snapshot()
        for group in found.shown.groups:
            if group.cluster == cluster:
                return found, group
        raise EditError(f"group {cluster} is not there any more")

    def _expect(self, base: str) -> None:
        self._catch_up()
        if base != self._digest:
            raise OutdatedError("Something else changed meanwhile. Look at it, then try again")

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            labels=self._labels,
            digest=self._digest,
            answered=self._answered,
            shown=self._shown,
            undo=step.message if (step := self._history.undo) else None,
            redo=step.message if (step := self._history.redo) else None,
        )

    def _catch_up(self) -> None:
        """Take over what another program wrote. Its changes can't be undone here, nor what was done before them."""
        folder, trained = self.gallery.folder, self.gallery.bundle.manifest
        if read_manifest(folder).version != trained.version:
            raise OutdatedError(f"{folder} was trained again: end this page with Ctrl+C in its terminal, and reopen it")
        content = (folder / LABELS).read_bytes()
        if sha256(content) == self._digest:
            return
        labels = read_bundle(folder).labels
        self._history.resume(labels)
        self._take(labels, content)

    def _save(self, labels: Labels) -> None:
        given = next_id(self.gallery.bundle.manifest.ids, self._labels)
        if given > next_id(self.gallery.bundle.manifest.ids, labels):
            # What is undone may have been published: its ids are not for other groups.
            note_minted(self.gallery.folder, given)
        write_labels(self.gallery.folder, labels)
        self._take(labels, to_json(labels))

    def _take(self, labels: Labels, content: bytes) -> None:
        before, self._labels, self._digest = self._labels, labels, sha256(content)
        if (labels.edits, labels.unanswered) != (before.edits, before.unanswered):
            self._answered = self.gallery.grouping(labels)
            self._shown = shown_grouping(self.gallery, labels, self._answered)
        self._changed(labels, full_version(self.gallery.bundle.manifest.version, content), self._answered)
