"""The process that `batch_size` measures in: `python -m advisor.probes.measured_sizes`.

One request comes in on standard input; for each size one line goes out before it is tried and one
after it. When memory runs out, this process alone ends, or is ended. It ends as well when its
standard input closes, that is, when whoever asked is gone.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from advisor import data
from advisor.backend import Backend, Batches, Training, load_backend
from advisor.probes.asking import STEPS_A_RUN
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare
from advisor.worker import is_out_of_memory

EVALUATED = 1024
"""Validation examples that are predicted once, with the optimiser's state there."""
EPOCHS = 10
"""An epoch has two runs at least."""
ROOM = 1.25
"""On an accelerator a step of so many times the size must fit as well: a margin of a fifth."""


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to the log, never between the answers
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_asker, daemon=True).start()
    for answer in measured(request):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _end_with_asker() -> None:
    sys.stdin.read()
    os._exit(0)


def measured(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """`{"trying": size}`, then `{"size": size, "seconds": [a timed run, ...]}`; the last line is
    `{"out_of_memory": size}` where memory ran out as an exception."""
    recipe = Recipe.model_validate_json(json.dumps(request["recipe"]))
    backend, dataset = load_backend(request["backend"]), data.load(recipe.data, recipe.task)
    for number, (size, runs) in enumerate(request["sizes"]):
        yield {"trying": size}
        try:
            seconds = _timed(
                _sized(recipe, size), dataset, backend, request["device"], runs, not number
            )
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            yield {"out_of_memory": size}
            return
        yield {"size": size, "seconds": seconds}


def _sized(recipe: Recipe, size: int) -> Recipe:
    """With this batch size, and long enough for all runs; one optimiser to the end."""
    epochs = max(recipe.train.epochs, EPOCHS)
    changes: dict[str, Any] = {"train.batch_size": size, "train.epochs": epochs}
    if recipe.has("optimizer.handover") or recipe.has("optimizer.handover.at"):
        changes["optimizer.handover"] = None
    return recipe.changed(changes)


def _timed(
    recipe: Recipe,
    dataset: data.Dataset,
    backend: Backend,
    device: str,
    runs: int,
    evaluate: bool,
) -> list[float]:
    """Seconds of each run of STEPS_A_RUN steps, after one in which things get compiled."""
    training = backend.start(prepare(recipe, dataset, device))
    with StepMaker(recipe, dataset, list(training.weights())) as maker:
        places = _places(maker.steps_per_epoch)
        first = maker.batches(next(places), STEPS_A_RUN)
        training.run(first)
        if evaluate:
            training.predict(dataset.validation.inputs[:EVALUATED])
        if training.device != "cpu":
            training.run(_larger(first, recipe.train.accumulation))
        return [_seconds(training, maker, next(places)) for _ in range(runs)]


def _seconds(training: Training, maker: StepMaker, step: int) -> float:
    """Of making and taking STEPS_A_RUN steps; `run` returns when the device is done."""
    began = time.perf_counter()
    training.run(maker.batches(step, STEPS_A_RUN))
    return time.perf_counter() - began


def _places(steps_per_epoch: int) -> Iterator[int]:
    """First steps of runs that lie within one epoch each. Raises ValueError where none does."""
    if steps_per_epoch < STEPS_A_RUN:
        raise ValueError(f"an epoch must have at least {STEPS_A_RUN} steps")
    for epoch in itertools.count():
        for step in range(0, steps_per_epoch - STEPS_A_RUN + 1, STEPS_A_RUN):
            yield epoch * steps_per_epoch + step


def _larger(batches: Batches, accumulation: int) -> Batches:
    """One step of ROOM times as many examples, some of them twice."""
    size = batches.rows.shape[1]
    more = -(-int(ROOM * size) // accumulation) * accumulation
    rows = np.resize(batches.rows[0], (1, more))
    places = np.arange(more) % size
    return Batches(
        rows,
        batches.lr[:1],
        None if batches.inputs is None else batches.inputs[:1, places],
        batches.step,
        None if batches.partners is None else batches.partners[:1, places],
        None if batches.shares is None else batches.shares[:1, places],
        scales=batches.scales,
        average=None if batches.average is None else batches.average[:1],
    )


if __name__ == "__main__":
    main()
