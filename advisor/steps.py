"""What the optimiser steps of a training are: order of examples, augmentation, learning rate,
hand-over, thawing and averaging. The same for every backend, and for training and comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np

from advisor import data
from advisor.architecture import rate_scales
from advisor.backend import Batches, Integers
from advisor.recipe import Recipe
from advisor.schedule import average_weights, handover_step, learning_rates

CHUNK_FLOPS = 2e11
"""Steps between two reports do about this much work: seconds on a laptop, never minutes."""
CHUNK_BYTES = 64 << 20
"""Inputs that are made on the host come in chunks of at most about this size."""
FEWEST_STEPS, MOST_STEPS = 16, 512


class StepMaker:
    """Makes the `Batches` of any stretch of steps of one training.

    Random numbers depend on the seed and the number of the step only, so that any cut of the
    training into stretches gives the same steps. Use as a context manager.
    """

    def __init__(self, recipe: Recipe, dataset: data.Dataset, names: Sequence[str]) -> None:
        """`names` are those of the model's weights."""
        self.recipe, self.dataset, self.names = recipe, dataset, list(names)
        n = len(dataset.train.targets)
        self.steps_per_epoch = data.steps_per_epoch(n, recipe.train.batch_size)
        self.total = self.steps_per_epoch * recipe.train.epochs
        self._handover = handover_step(recipe, self.total)
        self._epoch_rows: tuple[int, Integers] | None = None
        self.makes_inputs = dataset.streamed or (recipe.regularization.augmentation.changes_inputs)
        """whether the inputs of each step are read or made on the host; else all are in memory"""
        self._ahead: tuple[tuple[int, int], Future[Batches]] | None = None
        self._pool = ThreadPoolExecutor(1) if self.makes_inputs else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def sizes(self, flops: float) -> list[int]:
        """How many steps to take between reports, over one epoch, where a step costs `flops`.

        Few distinct sizes: a backend that compiles does so once per size.
        """
        most = int(np.clip(CHUNK_FLOPS / flops, FEWEST_STEPS, MOST_STEPS))
        if self.makes_inputs:
            values = self.recipe.train.batch_size * int(np.prod(self.dataset.input_shape))
            most = max(1, min(most, CHUNK_BYTES // (4 * values)))
        return even_sizes(self.steps_per_epoch, most)

    def batches(self, step: int, size: int) -> Batches:
        """Steps `step` to `step + size` (exclusive), which lie in one epoch.

        The hand-over, which falls on the start of an epoch where there are several, must not lie
        inside. What is made on the host is made ahead, while the device works.
        """
        if self._pool is None:
            return self._made(step, size)
        key = (step, size)
        if self._ahead is not None and self._ahead[0] == key:
            made = self._ahead[1].result()
        else:
            made = self._pool.submit(self._made, step, size).result()
        following = (step + size, min(size, self._left_in_epoch(step + size)))
        if step + size < self.total:
            self._ahead = following, self._pool.submit(self._made, *following)
        return made

    def stretches(self, step: int, size: int) -> Iterator[Batches]:
        """`size` steps from `step` on, cut wherever one `Batches` cannot go on."""
        end = step + size
        while step < end:
            part = self.cut(step, min(end - step, self._left_in_epoch(step)))
            yield self.batches(step, part)
            step += part

    def _left_in_epoch(self, step: int) -> int:
        return self.steps_per_epoch - step % self.steps_per_epoch

    def cut(self, step: int, size: int) -> int:
        """`size`, or less where the hand-over comes first."""
        if self._handover is not None and step < self._handover < step + size:
            return self._handover - step
        return size

    def _made(self, step: int, size: int) -> Batches:
        epoch, offset = divmod(step, self.steps_per_epoch)
        rows = self._rows(epoch)[offset : offset + size]
        inputs, partners, shares = self._inputs(rows, step)
        return Batches(
            rows,
            learning_rates(self.recipe, step, step + size, self.total),
            inputs,
            step,
            partners,
            shares,
            self._handover is not None and step >= self._handover,
            self._scales(epoch),
            average_weights(self.recipe, step, step + size, self.total, self.steps_per_epoch),
        )

    def _rows(self, epoch: int) -> Integers:
        if self._epoch_rows is None or self._epoch_rows[0] != epoch:
            train, targets = self.recipe.train, self.dataset.train.targets
            labels = targets if train.sampling == "balanced" else None
            rows = data.epoch_rows(len(targets), train.batch_size, train.seed, epoch, labels)
            self._epoch_rows = epoch, rows
        return self._epoch_rows[1]

    def _inputs(
        self, rows: Integers, step: int
    ) -> tuple[np.ndarray | None, Integers | None, np.ndarray | None]:
        augmentation = self.recipe.regularization.augmentation
        if not self.makes_inputs:
            return None, None, None
        return data.augmented_batches(
            self.dataset.train.inputs, rows, augmentation, self.recipe.train.seed, step
        )

    def _scales(self, epoch: int) -> dict[str, float] | None:
        """Layers thaw at the start of an epoch."""
        if not self.names:
            return None
        progress = epoch * self.steps_per_epoch / self.total
        return rate_scales(self.recipe.transfer, self.names, progress)


def even_sizes(steps: int, most: int) -> list[int]:
    """Parts of at most `most` that make up `steps`; an even division is preferred."""
    fewest_parts = -(-steps // most)
    for parts in range(fewest_parts, min(steps, fewest_parts + 8) + 1):
        if steps % parts == 0:
            return [steps // parts] * parts
    size = -(-steps // fewest_parts)
    return [min(size, steps - start) for start in range(0, steps, size)]
