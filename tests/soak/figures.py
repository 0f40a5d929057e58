"""The figures of a run: tables for the terminal, and for dist/soak.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.processes import PROJECT
from tests.soak.drive import Tally

PATH = PROJECT / "dist" / "soak.md"


@dataclass
class Figures:
    """Collects what the tests of a session measured."""

    tables: dict[tuple[str, ...], list[tuple[str, ...]]] = field(
        default_factory=dict[tuple[str, ...], list[tuple[str, ...]]]
    )
    """Rows by their table's heading."""

    def add(self, **row: object) -> None:
        self.tables.setdefault(tuple(row), []).append(tuple(str(value) for value in row.values()))

    def add_tally(self, tally: Tally) -> None:
        self.add(
            target=tally.target,
            seed=tally.seed,
            inputs=f"{tally.tried:,}",
            outcomes=", ".join(f"{count:,} {outcome}" for outcome, count in tally.outcomes.most_common()),
            failures=len(tally.failures),
            seconds=f"{tally.seconds:.0f}",
            slowest=f"{tally.slowest:.2f} s",
            memory=f"+{tally.grown} MB",
        )

    def markdown(self) -> str:
        return "\n\n".join(
            "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, ["---"] * len(heading), *rows))
            for heading, rows in self.tables.items()
        )

    def write(self) -> None:
        PATH.parent.mkdir(exist_ok=True)
        PATH.write_text(f"{self.markdown()}\n", encoding="utf-8")
