"""Whole sessions as a user begins them: what benchmarks that measure them share."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def session(
    recipe: str, backend: str, seed: int, budget: str, folder: Path, options: Sequence[str] = ()
) -> dict[str, Any]:
    """What `advisor auto` came to in this folder, and its wall time. Ends the program where it
    fails."""
    command = [sys.executable, "-m", "advisor.cli", "auto", recipe, *options]
    command += ["--budget", budget, "--seed", str(seed), "--backend", backend]
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
        "test_start": found["test"]["baseline"]["value"],
        "epochs": found["cost"]["epochs"],
        "training_seconds": found["cost"]["seconds"],
        "wall_seconds": time.perf_counter() - began,
        "trials": found["trials"],
        "accepted": found["accepted"],
        "rejected": found["rejected"],
        "undecided": found["undecided"],
    }
