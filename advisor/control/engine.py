"""Runs one search for a given number of epochs, and takes it up where it was stopped.

What is spent is counted in epochs trained. A trial that would go over what is left is cut at the
last evaluation that fits; one for which less than an epoch is left is not begun.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from advisor import recipe_file
from advisor.control.journal import ControlError, Journal
from advisor.control.pruning import Pruner, PrunerKind
from advisor.control.trial import ControlTrial, Status
from advisor.control.watch import Watch
from advisor.events import Event, TrialFinished
from advisor.metrics import oriented
from advisor.recipe import Recipe
from advisor.runner import Runner, UnfitError, WorkerError
from advisor.search import Dimension, Kind, Search, space

OnTrial = Callable[[ControlTrial], None]
OnEvent = Callable[[int, Event], None]
Change = dict[str, Any]

MOST_FREE = 20
"""So many trials in a row that cost nothing end a search, which would never come to its own end:
they fit neither data nor memory, or the worker died at once."""
TOLERANCE = 1e-6


def search_control(
    start: Recipe,
    epochs: float,
    method: Kind,
    pruner: PrunerKind,
    runner: Runner,
    folder: Path,
    seed: int = 0,
    on_trial: OnTrial = lambda trial: None,
    on_event: OnEvent = lambda number, event: None,
    dims: Sequence[Dimension] | None = None,
) -> list[ControlTrial]:
    """All trials of a search round `start`, which is the first of them.

    `folder` gets a folder a trial; the file beside it with the suffix .jsonl a line a trial, from
    which a search that was interrupted goes on. `on_trial` hears every finished trial, those of
    before too; `on_event` what happens in the one that runs. `dims` None: the default space.
    Raises UserError.
    """
    if dims is None:
        dims = space(start, runner.check(start)["train"])
    run = _Run(start, epochs, Search(dims, method, seed, start), pruner, runner, folder)
    run.go(on_trial, on_event)
    return run.trials


class _Run:
    def __init__(
        self,
        start: Recipe,
        epochs: float,
        search: Search,
        pruner: PrunerKind,
        runner: Runner,
        folder: Path,
    ) -> None:
        self.start, self.epochs, self.search = start, epochs, search
        self.runner, self.folder = runner, folder
        self.trials: list[ControlTrial] = []
        self.pruner = Pruner(pruner, start)
        about = {
            "start": start.digest(),
            "epochs": round(epochs, 6),
            "method": search.kind,
            "pruner": pruner,
            "seed": search.seed,
            "space": [repr(dim) for dim in search.dims],
            "backend": runner.backend,
            "device": runner.device,
        }
        self.journal = Journal(folder.parent / f"{folder.name}.jsonl", about)

    def go(self, on_trial: OnTrial, on_event: OnEvent) -> None:
        for number, trial in enumerate(self.journal.trials):
            self.journal.check(number, self.search.ask())
            self.pruner.replay(trial, [(epoch, self._turned(v)) for epoch, v in trial.curve])
            self._learn(trial, on_trial)
        while self.left >= 1 - TOLERANCE and not self._futile():
            change = self.search.ask()
            if change is None:
                return
            trial = self._tried(change, on_event)
            self.journal.append(trial)
            self._learn(trial, on_trial)

    @property
    def spent(self) -> float:
        return self.trials[-1].spent if self.trials else 0.0

    @property
    def left(self) -> float:
        return self.epochs - self.spent

    def _futile(self) -> bool:
        last = self.trials[-MOST_FREE:]
        return len(last) == MOST_FREE and all(trial.epochs == 0 for trial in last)

    def _learn(self, trial: ControlTrial, on_trial: OnTrial) -> None:
        self.trials.append(trial)
        value = None if trial.value is None or trial.infeasible else self._turned(trial.value)
        given_up = trial.epochs if trial.status in ("pruned", "cut") else None
        self.search.tell(trial.change, value, given_up)
        on_trial(trial)

    def _tried(self, change: Change, on_event: OnEvent) -> ControlTrial:
        number, recipe = len(self.trials), self.start.changed(change)
        place = self.folder / f"{number:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "recipe.yaml").write_text(recipe_file.dump(recipe), encoding="utf-8")
        self.pruner.begin()
        watch = Watch(
            recipe,
            math.floor(self.left + TOLERANCE),
            self.pruner,
            self.runner.stop,
            lambda event: on_event(number, event),
        )
        status, epochs, message = self._train(recipe, place, watch)
        values = [self._turned(value) for _, value in watch.curve]
        best = max(values, default=None)
        trial = ControlTrial(
            number,
            json.loads(json.dumps(change)),
            status,
            min(epochs, self.left),
            self.spent + min(epochs, self.left),
            tuple(watch.curve),
            None if best is None else self._turned(best),
            message,
        )
        self.pruner.end(trial, best)
        return trial

    def _train(self, recipe: Recipe, place: Path, watch: Watch) -> tuple[Status, float, str]:
        try:
            events = self.runner.train(recipe, place, watch)
        except UnfitError as error:
            return "unfit", 0.0, str(error)
        except WorkerError as error:
            return "failed", watch.epoch, str(error)
        if watch.given_up is not None:
            return watch.given_up, watch.curve[-1][0], ""
        finished = events[-1]
        assert isinstance(finished, TrialFinished)
        if finished.status == "stopped":  # nobody else stops a trial of a search
            raise ControlError(f"{place}: the training was stopped from outside; begin again")
        return finished.status, finished.epochs, finished.message

    def _turned(self, value: float) -> float:
        """So that larger is better, and back."""
        return oriented(self.start.metric, value)
