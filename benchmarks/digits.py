"""Does `advisor auto` cure the sick digits recipe, on both backends?

    python benchmarks/digits.py --short     one seed on each backend, about a minute
    python benchmarks/digits.py             seeds 0, 1, 2; writes benchmarks/results/digits.json

A session passes when it starts under 0.6, ends at 0.97 or more on validation within 60 epochs,
and the sealed test agrees to 3.5 points (two standard errors of the difference).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import save
from sessions import session

BACKENDS = ("torch", "jax")
RECIPE = "examples/digits.yaml"
START, END, TEST_GAP, BUDGET = 0.6, 0.97, 0.035, 60


def passes(row: dict[str, Any]) -> bool:
    close = abs(row["best"] - row["test"]) <= TEST_GAP
    return row["start"] < START and row["best"] >= END and close and row["epochs"] <= BUDGET


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="one seed on each backend")
    short = parser.parse_args().short
    rows = []
    print("backend  seed   start    best    test  epochs  wall s")
    with tempfile.TemporaryDirectory() as folder:
        for backend in BACKENDS:
            for seed in (0,) if short else (0, 1, 2):
                where = Path(folder) / f"{backend}-{seed}"
                row = session(RECIPE, backend, seed, f"{BUDGET}e", where)
                rows.append(row)
                print(
                    f"{backend:8} {seed:4} {row['start']:7.3f} {row['best']:7.3f} "
                    f"{row['test']:7.3f} {row['epochs']:7.1f} {row['wall_seconds']:7.1f}",
                    flush=True,
                )
    failed = [row for row in rows if not passes(row)]
    if not short:
        save("digits", {"sessions": rows, "passed": not failed})
    verdict = f"{len(rows) - len(failed)} of {len(rows)} sessions meet the figures"
    print(("PASS: " if not failed else "FALLS SHORT: ") + verdict)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
