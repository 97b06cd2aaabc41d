"""How long until training begins: a further trial of a warm worker, and a new process."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from advisor.events import Event, StepsDone
from advisor.runner import Runner
from peers.cases import Case
from peers.process import PeerError, environment_here
from peers.training_speed import Plan

TARGET = 0.05
"""share of a trial's time that may pass before its first step"""
EPOCHS = 10
CASE = Case(
    "digits-cnn-32", "cnn", {"kind": "cnn", "channels": [32, 64], "hidden": [128]}, (8, 8), 32
)


def second_trial(plan: Plan, backend: str) -> dict[str, Any]:
    """Trials of the same shape with other learning rates, after one that warmed the worker."""
    start, found = CASE.recipe(plan.folder, epochs=EPOCHS), []
    with TemporaryDirectory() as folder, Runner(backend) as runner:
        for number in range(plan.rounds + 1):
            plan.say(f"start of trial {number + 1} on {backend}")
            recipe = start.changed({"optimizer.lr": 1e-3 * 1.1**number})
            taken = _trial(runner, recipe, Path(folder) / str(number))
            found += [taken] if number else []
    share = statistics.median(first / whole for first, whole in found)
    return {
        "backend": backend,
        "seconds_to_first_step": round(statistics.median(first for first, _ in found), 4),
        "seconds_of_trial": round(statistics.median(whole for _, whole in found), 4),
        "share": round(share, 4),
        "target": TARGET,
        "meets": share < TARGET,
    }


def _trial(runner: Runner, recipe: Any, folder: Path) -> tuple[float, float]:
    """Seconds from the request to the first step, and to the end of the trial."""
    arrived: list[tuple[float, StepsDone]] = []

    def note(event: Event) -> None:
        if isinstance(event, StepsDone):
            arrived.append((time.perf_counter(), event))

    began = time.perf_counter()
    runner.train(recipe, folder, note)
    whole = time.perf_counter() - began
    at, first = arrived[0]
    spent = [event.seconds for _, event in arrived]
    usual = statistics.median(b - a for a, b in itertools.pairwise(spent))
    # a report comes after many steps; what they usually take, but for one, is not the start's
    return max(0.0, at - began - usual * (1 - 1 / first.step)), whole


def new_process(plan: Plan, backend: str, case: Case) -> dict[str, Any]:
    """Without and with the programs that earlier processes have left on disk."""
    with TemporaryDirectory() as cache:
        plan.say(f"first step of a new process on {backend}")
        cold = _first_step(plan, backend, case, cache)
        warm = [_first_step(plan, backend, case, cache) for _ in range(max(1, plan.rounds // 3))]
    parts = {name: statistics.median(one[name] for one in warm) for name in cold}
    return {"backend": backend, "case": case.name, "cold": _rounded(cold), "warm": _rounded(parts)}


def _first_step(plan: Plan, backend: str, case: Case, cache: str) -> dict[str, float]:
    command = [sys.executable, "-m", "peers.first_step", backend, case.name, str(plan.folder)]
    environment = {**environment_here(), "ADVISOR_CACHE": cache}
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found | {"process": time.perf_counter() - began}


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}
