"""Somebody's own loop, run in a process of its own and read back as a trial."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from advisor import symptoms
from advisor.recipe import Recipe
from advisor.record.about import About, read_about
from advisor.symptoms import Finding
from advisor.trial_files import read_events
from wards.case import Case

HERE = Path(__file__).resolve().parent
UNTOLD = ("recipe", "preflight")
"""Signals that a recording never holds."""
LONGEST = 300
"""seconds"""


class LoopError(Exception):
    """The loop did not run to its end; the message holds the end of what it wrote."""


def loop_findings(case: Case, backend: str, seed: int, folder: Path) -> list[Finding]:
    """Train by the case's loop, and look at the recording. Raises LoopError."""
    command = [sys.executable, "-m", "wards.loops", backend, case.loop, str(seed), str(folder)]
    done = subprocess.run(
        command, cwd=HERE.parent, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    about = read_about(folder)
    if done.returncode or about is None:
        raise LoopError(f"{' '.join(command[2:])}: {done.stderr[-500:]}")
    events = read_events(folder / "events.jsonl")
    return symptoms.detect(assumed_recipe(about), events, {*about.unknown, *UNTOLD})


def assumed_recipe(about: About) -> Recipe:
    """What detectors need of a recipe; the rest is unknown and declared so."""
    content = {
        "name": "recording",
        "task": about.task,
        "metric": about.metric,
        "data": {"source": "npz:own.npz"},
        "model": {"kind": "own", "torch": "own.py:Model"},
        "train": {"batch_size": about.batch_size, "epochs": about.epochs},
    }
    return Recipe.model_validate_json(json.dumps(content))
