"""The homework of many a course: how much does tuning raise the simple CNN's accuracy?

    python benchmarks/homework.py --short               shorter trainings, torch only: four minutes
    python benchmarks/homework.py                       both backends, an hour; writes
                                                        benchmarks/results/homework.json
    python benchmarks/homework.py --backend jax         one backend, no record

`advisor auto examples/simple_cnn.yaml` on cifar10-small.npz, which lies beside the project: 10,000
images to train and validate on, 2,000 to test. The sealed test must rise by 4 points over the
recipe as it stands, at the same number of epochs a training.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import save
from sessions import session
from tuners.tasks import DATA

RECIPE, FILE = "examples/simple_cnn.yaml", DATA / "cifar10-small.npz"
BACKENDS = ("torch", "jax")
EPOCHS, BUDGET = 8, 16
SHORT_EPOCHS, SHORT_BUDGET = 2, 12
RISE = 0.04


def homework(backend: str, seed: int, epochs: int, trainings: int, folder: Path) -> dict[str, Any]:
    """What one session came to."""
    options = ["--set", f"data.source=npz:{FILE}", "--set", f"train.epochs={epochs}"]
    # more epochs would raise it as well, and say nothing
    options += ["--set", "tune.locked=[train.epochs]"]
    found = session(RECIPE, backend, seed, f"{trainings}t", folder, options)
    rise = found["test"] - found["test_start"]
    return {"epochs_a_training": epochs, **found, "rise": rise}


def asked(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--short", action="store_true", help="torch, shorter trainings; no record")
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main() -> int:
    options = asked()
    if not FILE.exists():
        print(f"NOT MEASURED: {FILE.name} is not there")
        return 0
    short = options.short
    backends = options.backend or (BACKENDS[:1] if short else BACKENDS)
    size = (SHORT_EPOCHS, SHORT_BUDGET) if short else (EPOCHS, BUDGET)
    rows = []
    print("backend  seed  validation         test               rise  epochs  minutes")
    with tempfile.TemporaryDirectory() as folder:
        for backend in backends:
            row = homework(backend, options.seed, *size, Path(folder) / backend)
            rows.append(row)
            print(
                f"{backend:8} {row['seed']:4}  {row['start']:.4f} -> {row['best']:.4f}   "
                f"{row['test_start']:.4f} -> {row['test']:.4f} {100 * row['rise']:+6.2f}"
                f"{row['epochs']:8.1f} {row['wall_seconds'] / 60:8.1f}",
                flush=True,
            )
    failed = [row["backend"] for row in rows if row["rise"] < RISE]
    if not (short or options.backend or options.seed):
        save("homework", {"sessions": rows, "target": RISE, "passed": not failed})
    told = f"the test rose by less than {100 * RISE:.0f} points on {', '.join(failed)}"
    done = f"the test rose by {100 * RISE:.0f} points or more on {' and '.join(backends)}"
    print(f"FALLS SHORT: {told}" if failed else f"PASS: {done}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
