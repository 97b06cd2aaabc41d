"""`batch_size`: which batches fit into memory, and up to which size they train faster.

Sizes of 16 * 2^k are tried from the smallest up, with the optimiser's state and an evaluation, in
a process of its own, so that running out of memory ends nothing else. Nothing is judged by its
loss or score: the batch size is for speed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence

from advisor import data
from advisor.backend import Backend
from advisor.events import ProbeFinished
from advisor.probes.asking import GAIN, STEPS_A_RUN, Measured, measure
from advisor.probes.memory import available_memory
from advisor.recipe import Recipe

SMALLEST, LARGEST = 16, 8192
LEAST_STEPS = 4
"""A batch size must leave so many steps in an epoch."""
RUNS, EXAMPLES_A_SIZE = (3, 9), 256
"""Timed runs of a size, of two steps each: as many as make so many examples, within these
bounds. With the run that is not timed, between 8 and 20 steps."""
AFFORDABLE = 0.3
"""Of one training: what all sizes together may cost."""
EVALUATION = 1024 / 3
"""What the evaluation costs, in examples trained."""
MARGIN = 0.2
"""Of the memory there is: kept free."""


def batch_size(
    recipe: Recipe,
    dataset: data.Dataset,
    backend: Backend,
    device: str = "auto",
    memory: int | None = None,
) -> ProbeFinished:
    """Time a few steps of each size until doubling gains little, or memory is not enough.

    Facts: `knee_batch` and `largest_batch`, in `advisor.facts`. The curve has the sizes and their
    `examples_per_second`. `memory`: what the process may take, in bytes; None: what there is, but
    for a margin.
    """
    began = time.perf_counter()
    n = len(dataset.train.targets)
    sizes = affordable_sizes(recipe, n)
    found = Measured()
    if sizes:
        request = {
            "recipe": json.loads(recipe.model_dump_json()),
            "backend": backend.name,
            "device": device,
            "sizes": [(size, runs_of(size)) for size in sizes],
        }
        limit = int((1 - MARGIN) * available_memory()) if memory is None else memory
        found = measure(request, limit)
    tried = [*found.seconds, *([found.refused] if found.refused else [])]
    speeds = found.speeds
    return ProbeFinished(
        "batch_size",
        {"knee_batch": knee(speeds), "largest_batch": max(speeds, default=None)},
        _examples(tried) / n,
        sum(_steps(size) for size in tried),
        time.perf_counter() - began,
        {"batch_size": [*map(float, speeds)], "examples_per_second": list(speeds.values())},
        _message(sizes, found),
    )


def knee(speeds: Mapping[int, float]) -> int | None:
    """The first size whose doubling gains less than GAIN, and doubling again does not make up for
    it; the largest where all gain; None where nothing was measured."""
    sizes, rates = list(speeds), list(speeds.values())
    for place in range(len(sizes) - 1):
        gains = [rate / rates[place] for rate in rates[place + 1 : place + 3]]
        if all(gain < GAIN**doublings for doublings, gain in enumerate(gains, 1)):
            return sizes[place]
    return max(sizes, default=None)


def affordable_sizes(recipe: Recipe, train_examples: int) -> list[int]:
    """Sizes to try: those that fit the training set, the portions and the price."""
    sizes: list[int] = []
    size, paid = SMALLEST, AFFORDABLE * recipe.train.epochs * train_examples
    while size <= min(LARGEST, train_examples // LEAST_STEPS):
        if size % recipe.train.accumulation == 0:
            if _examples([*sizes, size]) > paid:
                break
            sizes.append(size)
        size *= 2
    return sizes if len(sizes) > 1 else []


def batch_size_epochs(recipe: Recipe, train_examples: int) -> float:
    """The most that the measurement costs."""
    return _examples(affordable_sizes(recipe, train_examples)) / train_examples


def runs_of(size: int) -> int:
    """Timed runs of this size."""
    return min(max(RUNS[0], EXAMPLES_A_SIZE // size), RUNS[1])


def _steps(size: int) -> int:
    return STEPS_A_RUN * (1 + runs_of(size))


def _examples(sizes: Sequence[int]) -> float:
    """Trained at these sizes; on an accelerator each has one larger step more."""
    return sum(size * (_steps(size) + 1.25) for size in sizes) + EVALUATION * bool(sizes)


def _message(sizes: Sequence[int], found: Measured) -> str:
    if not sizes:
        return "the training is too short, or has too few examples, to compare batch sizes"
    if found.refused:
        return f"memory is not enough for {found.refused} examples"
    if knee(found.speeds) == max(found.speeds):
        return "throughput still grew at the largest size that was tried"
    return ""
