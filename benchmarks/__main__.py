"""`python -m benchmarks [SECTION ...] [--quick]`: measure, keep the figures, and write RESULTS.md and cost.svg.

All sections take about an hour on two cores that do nothing else, and 12 GB. `--quick` takes minutes, proves that
everything runs, and keeps nothing.
"""

from __future__ import annotations

import argparse
import importlib
from typing import cast

from benchmarks.results import HERE, PAGE, Benchmark, load, render, save

SECTIONS = ("serving", "precision", "memory", "embedding", "clustering")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="which to measure (default: all)")
    parser.add_argument("--quick", action="store_true", help="only prove that it runs; keep nothing")
    options = parser.parse_args()
    for name in options.sections or SECTIONS:
        benchmark = cast("Benchmark", importlib.import_module(f"benchmarks.{name}").measure)
        section = benchmark(options.quick)
        print(render([section]), flush=True)
        if not options.quick:
            save(section)
    if not options.quick:
        from benchmarks.plot import draw

        sections = load(SECTIONS)
        PAGE.write_text(render(sections), encoding="utf-8")
        draw(sections, HERE / "cost.svg")


if __name__ == "__main__":
    main()
