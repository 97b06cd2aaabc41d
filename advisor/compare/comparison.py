"""Runs a comparison: both backends, in worker processes, gate by gate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load_file

from advisor.architecture import Floats
from advisor.compare.agreement import Agreement
from advisor.compare.equivalence import Equivalence, judge
from advisor.compare.gates import FLOAT32_STEPS, Gate, step_gates
from advisor.compare.margins import comparable, default_margin
from advisor.compare.notes import notes
from advisor.compare.speed import measure_speed
from advisor.compare.trainings import Trainings, train_seeds
from advisor.compare.workers import OpenWorker, Unwatched, Watcher, Worker
from advisor.recipe import Own, Recipe
from advisor.runner import Runner, UserError

SEEDS = (0, 1, 2, 3, 4)
PRECISIONS = ("float64", "float32")
Measured = Mapping[str, Floats]


@dataclass(frozen=True)
class Plan:
    """How far a comparison goes."""

    steps: int = 100
    """of gate 3 in float64"""
    seeds: tuple[int, ...] = SEEDS
    """of whole trainings; empty: gates 4 and 5 are left out"""
    epochs: int | None = None
    """of whole trainings; None: the recipe's own"""
    margin: float | None = None
    """of gate 4, on the scale of `margins.comparable`; None: `default_margin`"""


def compare(
    recipe: Recipe,
    backends: tuple[str, str],
    plan: Plan = Plan(),
    watcher: Watcher | None = None,
    open_worker: OpenWorker = Runner,
) -> Agreement:
    """Raises UserError for bad data, a missing backend or a model without code for one of them,
    and WorkerError when a worker dies."""
    watcher = watcher or Unwatched()
    own = isinstance(recipe.model, Own)
    _refuse(recipe, backends, plan)
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        measured, sizes = {}, {}
        for backend in backends:
            with open_worker(backend) as worker:
                watcher.began(f"{backend}: data and model")
                sizes = worker.check(recipe)
                if not own:
                    measured[backend] = _steps(worker, backend, recipe, plan, Path(folder), watcher)
        gates = tuple(_gates([measured[backend] for backend in backends] if measured else []))
        for gate in gates:
            watcher.decided(gate)
        trainings = _trainings(recipe, backends, plan, Path(folder), watcher, open_worker)
    return Agreement(
        backends,
        recipe.metric,
        gates,
        {name: arrays["float64"]["losses"].tolist() for name, arrays in measured.items()},
        tuple(notes(recipe, plan.steps, sizes, [m["float64"] for m in measured.values()])),
        trainings,
        _judge(recipe, backends, plan, trainings) if trainings else None,
        {backend: measure_speed(runs) for backend, runs in trainings.items()},
    )


def _refuse(recipe: Recipe, backends: tuple[str, str], plan: Plan) -> None:
    if not isinstance(recipe.model, Own):
        return
    if not plan.seeds:
        raise UserError("a model of your own can only be compared by whole trainings")
    for backend in backends:
        if getattr(recipe.model, backend, None) is None:
            raise UserError(f"model.{backend} is not set: the model has no code for {backend}")


def _steps(
    worker: Worker, name: str, recipe: Recipe, plan: Plan, folder: Path, watcher: Watcher
) -> dict[str, Measured]:
    """What the worker computed in each precision."""
    found: dict[str, Measured] = {}
    for precision in PRECISIONS:
        count = plan.steps if precision == "float64" else min(plan.steps, FLOAT32_STEPS)
        watcher.began(f"{name}: {count} steps in {precision}")
        file = folder / f"{name}-{precision}.safetensors"
        worker.parity(recipe, precision, count, file)
        found[precision] = load_file(file)
    return found


def _gates(sides: list[dict[str, Measured]]) -> Iterator[Gate]:
    for precision in PRECISIONS if sides else ():
        yield from step_gates(precision, *(side[precision] for side in sides))


def _trainings(
    recipe: Recipe,
    backends: tuple[str, str],
    plan: Plan,
    folder: Path,
    watcher: Watcher,
    open_worker: OpenWorker,
) -> dict[str, Trainings]:
    """One backend after the other, each in a new process that has the machine to itself."""
    found: dict[str, Trainings] = {}
    if plan.epochs is not None:
        recipe = recipe.changed({"train.epochs": plan.epochs})
    for backend in backends if plan.seeds else ():
        with open_worker(backend) as worker:
            found[backend] = train_seeds(worker, backend, recipe, plan.seeds, folder, watcher)
    return found


def _judge(
    recipe: Recipe, backends: tuple[str, str], plan: Plan, trainings: Mapping[str, Trainings]
) -> Equivalence:
    first, second = (
        {run.seed: comparable(recipe.metric, run.best) for run in trainings[backend].runs}
        for backend in backends
    )
    started = trainings[backends[0]].runs[0].started
    chance = started.chance_metric if started else 0.0
    margin = default_margin(recipe.metric, chance) if plan.margin is None else plan.margin
    return judge(first, second, margin)
