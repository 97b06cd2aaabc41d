"""Whole trainings for gates 4 and 5: one a seed, in one worker, timed from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.compare.memory import PeakMemory
from advisor.compare.workers import Watcher, Worker
from advisor.events import Evaluated, Event, StepsDone, TrialFinished, TrialStarted
from advisor.recipe import Recipe


@dataclass(frozen=True)
class Trained:
    """One training of one backend, as its events told it."""

    seed: int
    events: tuple[Event, ...]
    first_steps_seconds: float | None
    """from the request to the first report of steps; None when there was none"""

    @property
    def started(self) -> TrialStarted | None:
        return next((event for event in self.events if isinstance(event, TrialStarted)), None)

    @property
    def finished(self) -> TrialFinished | None:
        return next((event for event in self.events if isinstance(event, TrialFinished)), None)

    @property
    def best(self) -> float | None:
        """Best validation metric; None when no evaluation was finite."""
        return None if self.finished is None else self.finished.validation_metric

    @property
    def steps(self) -> list[StepsDone]:
        return [event for event in self.events if isinstance(event, StepsDone)]

    @property
    def evaluations(self) -> list[Evaluated]:
        return [event for event in self.events if isinstance(event, Evaluated)]


@dataclass(frozen=True)
class Trainings:
    """All trainings of one backend, in the order of a worker that was fresh at the first."""

    runs: tuple[Trained, ...]
    batch_size: int
    peak_memory: int | None
    """highest resident memory of the worker in bytes, data and framework included"""


def train_seeds(
    worker: Worker,
    name: str,
    recipe: Recipe,
    seeds: Sequence[int],
    folder: Path,
    watcher: Watcher,
    clock: Callable[[], float] = time.perf_counter,
) -> Trainings:
    """Train the recipe as it is, once a seed. Raises UserError and WorkerError."""
    memory = PeakMemory()
    runs = []
    for number, seed in enumerate(seeds, 1):
        watcher.began(f"{name}: training {number} of {len(seeds)} (seed {seed})")
        watch = _Watch(recipe, worker, memory, watcher, clock)

        def heard(event: Event, seed: int = seed, watch: _Watch = watch) -> None:
            watch.event(event)
            watcher.reported(name, seed, event)

        seeded = recipe.changed({"train.seed": seed})
        events = worker.train(seeded, folder / f"{name}-{seed}", heard)
        runs.append(Trained(seed, tuple(events), watch.first_steps))
    return Trainings(tuple(runs), recipe.train.batch_size, memory.bytes)


class _Watch:
    """Listens to one training."""

    def __init__(
        self,
        recipe: Recipe,
        worker: Worker,
        memory: PeakMemory,
        watcher: Watcher,
        clock: Callable[[], float],
    ) -> None:
        self.first_steps: float | None = None
        self._metric, self._epochs = recipe.metric, recipe.train.epochs
        self._worker, self._memory, self._watcher = worker, memory, watcher
        self._clock, self._began, self._told = clock, clock(), ""

    def event(self, event: Event) -> None:
        match event:
            case StepsDone():
                if self.first_steps is None:
                    self.first_steps = self._clock() - self._began
                self._watcher.went(event.epoch / self._epochs, self._told)
            case Evaluated():
                self._told = f"{self._metric} {event.validation_metric:.4g}"
                self._watcher.went(event.epoch / self._epochs, self._told)
                self._memory.look(self._worker.pid)
            case TrialFinished():
                self._memory.look(self._worker.pid)
