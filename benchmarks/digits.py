"""Does `advisor auto` cure the sick digits recipe, on both backends?

    python benchmarks/digits.py --short     one seed on each backend, about a minute
    python benchmarks/digits.py             seeds 0, 1, 2; writes benchmarks/results/digits.json

A session passes when it starts under 0.6, ends at 0.97 or more on validation within 60 epochs,
and the sealed test agrees to 3.5 points (two standard errors of the difference).
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import save

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = ("torch", "jax")
START, END, TEST_GAP, BUDGET = 0.6, 0.97, 0.035, 60


def session(backend: str, seed: int, folder: Path) -> dict[str, Any]:
    """The summary of one session, and its wall time."""
    command = [sys.executable, "-m", "advisor.cli", "auto", "examples/digits.yaml"]
    command += ["--budget", f"{BUDGET}e", "--seed", str(seed), "--backend", backend]
    command += ["--no-experience"]  # figures must not depend on earlier runs
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--out", str(folder), "--json"], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{shlex.join(command)} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {
        "backend": backend,
        "seed": seed,
        "start": found["baseline"]["value"],
        "best": found["best"]["value"],
        "test": found["test"]["value"],
        "epochs": found["cost"]["epochs"],
        "training_seconds": found["cost"]["seconds"],
        "wall_seconds": time.perf_counter() - began,
        "trials": found["trials"],
        "accepted": found["accepted"],
        "rejected": found["rejected"],
        "undecided": found["undecided"],
    }


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
                row = session(backend, seed, Path(folder) / f"{backend}-{seed}")
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
