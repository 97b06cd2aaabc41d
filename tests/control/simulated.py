"""A runner whose trainings depend on the recipe alone, and that hears a stop as a real one does."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from advisor.events import (
    DataReport,
    Evaluated,
    Event,
    StepsDone,
    TrialFinished,
    TrialStarted,
    to_json,
)
from advisor.files import write_arrays, write_text
from advisor.recipe import Recipe
from advisor.runner import Runner, UnfitError, WorkerError

EPOCHS, CLASSES, VALIDATION = 6, 4, 100
MOST_DEATHS = 50


def start(**changes: Any) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp", "hidden": (8,)},
            "optimizer": {"kind": "sgd", "lr": 0.003, "momentum": 0.9},
            "train": {"batch_size": 32, "epochs": EPOCHS, "seed": 3},
        }
    )
    return made.changed(changes)


def quality(recipe: Recipe) -> float:
    """Share of right answers at the end: best at a rate of 0.1."""
    return float(np.clip(0.9 - 0.2 * abs(math.log10(recipe.optimizer.lr / 0.1)), 0.25, 1))


class SimulatedRunner(Runner):
    """Trains by `quality`. Rates above 0.5 diverge; `broken` names batch sizes that do not fit;
    `killed_at` interrupts the training of this number."""

    def __init__(self, broken: tuple[int, ...] = (), killed_at: int | None = None) -> None:
        super().__init__("simulated", "cpu")
        self.broken, self.killed_at = broken, killed_at
        self.trained: list[Recipe] = []
        self.stopped = False

    def check(self, recipe: Recipe) -> dict[str, Any]:
        return {"train": 1000, "fingerprint": "f"}

    def stop(self) -> None:
        self.stopped = True

    def train(
        self,
        recipe: Recipe,
        folder: Path,
        on_event: Callable[[Event], None] = lambda event: None,
        race: Any = (),
        checkpoint_seconds: float | None = None,
    ) -> list[Event]:
        if recipe.train.batch_size in self.broken:
            raise UnfitError("too large")
        if len(self.trained) == self.killed_at:
            self.killed_at = None
            raise KeyboardInterrupt
        self.trained.append(recipe)
        self.stopped = False
        events: list[Event] = []

        def emit(event: Event) -> None:
            events.append(event)
            on_event(event)

        self._run(recipe, emit)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "events.jsonl", "".join(to_json(e) + "\n" for e in events))
        targets = np.arange(VALIDATION) % CLASSES
        right = np.arange(VALIDATION) < quality(recipe) * VALIDATION
        outputs = np.eye(CLASSES)[np.where(right, targets, (targets + 1) % CLASSES)]
        write_arrays(folder / "validation.safetensors", {"outputs": outputs, "targets": targets})
        return events

    def _run(self, recipe: Recipe, emit: Callable[[Event], None]) -> None:
        data = DataReport(1000, VALIDATION, [64], CLASSES, [0.25] * CLASSES, 1.0, 3.0, 0.1, 2.0)
        emit(TrialStarted("simulated", "cpu", 100, 10, EPOCHS, 1.4, 1.4, 0.25, data))
        status, epochs, best = "finished", recipe.train.epochs, None
        for epoch in range(1, epochs + 1):
            emit(StepsDone(10 * epoch, epoch, [1.0], [1.0], [0.1], {}, 0.1 * epoch))
            if self.stopped:  # one report late, as from a process that was already on its way
                status = "stopped"
            elif recipe.optimizer.lr > 0.5 and epoch == 2:
                status = "diverged"
            if status != "finished":
                break
            best = 0.25 + (quality(recipe) - 0.25) * epoch / epochs
            emit(Evaluated(10 * epoch, epoch, 1, best, 1, best, True, None, {}, 0.1 * epoch))
        emit(TrialFinished(status, epoch, 10, 320, 1.0, 1, best, 1, best, 10 * epoch))  # type: ignore[arg-type]


class DyingRunner(SimulatedRunner):
    """Its worker dies in the third epoch of every training but the first."""

    def _run(self, recipe: Recipe, emit: Callable[[Event], None]) -> None:
        def watched(event: Event) -> None:
            emit(event)
            if len(self.trained) > 1 and isinstance(event, StepsDone) and event.epoch == 3:
                raise WorkerError("the training process ended (signal SIGKILL)")

        super()._run(recipe, watched)


class DeadRunner(SimulatedRunner):
    """Its worker dies before the first step of every training."""

    def _run(self, recipe: Recipe, emit: Callable[[Event], None]) -> None:
        if len(self.trained) > MOST_DEATHS:
            raise AssertionError("the search goes on for ever")
        raise WorkerError("the training process ended (signal SIGKILL)")
