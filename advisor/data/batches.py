"""The order of examples, the same for every backend."""

from __future__ import annotations

import numpy as np

from advisor.data.values import Array, Rows

ORDER_STREAM = 2 << 40
"""Sets these random numbers apart from others of the same seed, such as augmentation's."""


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Optimiser steps of one pass over n examples; the last incomplete batch is dropped."""
    return n // batch_size


def epoch_rows(n: int, batch_size: int, seed: int, epoch: int, labels: Array | None = None) -> Rows:
    """(steps, batch_size) row numbers of one epoch, each at most once.

    With `labels` (n,), the epoch is balanced: as many steps, in which every class appears equally
    often (give or take one), and every example of a class equally often (give or take one).
    """
    steps = steps_per_epoch(n, batch_size)
    random = random_numbers(seed, ORDER_STREAM + epoch)
    if labels is None:
        order = random.permutation(n)[: steps * batch_size]
    else:
        order = _balanced(labels, steps * batch_size, random)
    return order.reshape(steps, batch_size)


def random_numbers(seed: int, stream: int) -> np.random.Generator:
    """Random numbers that depend on these two numbers (below 2**64) only."""
    key = np.array([seed, stream], dtype=np.uint64)  # a list would turn large ones into floats
    return np.random.Generator(np.random.Philox(key=key))


def _balanced(labels: Array, total: int, random: np.random.Generator) -> Rows:
    known, numbers = np.unique(labels, return_inverse=True)
    wanted = np.full(len(known), total // len(known))
    wanted[random.permutation(len(known))[: total % len(known)]] += 1
    drawn = [
        _repeated(np.flatnonzero(numbers == number), int(count), random)
        for number, count in enumerate(wanted)
    ]
    return random.permutation(np.concatenate(drawn))


def _repeated(rows: Rows, count: int, random: np.random.Generator) -> Rows:
    """`count` of these rows, each equally often or once more."""
    whole, rest = divmod(count, len(rows))
    return np.concatenate([np.tile(rows, whole), random.permutation(rows)[:rest]])
