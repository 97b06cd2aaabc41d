"""Which examples the checks of the data look at: all, or a fixed sample of large data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.data.hashing import Rows
from advisor.data.values import Array, Dataset, Split
from advisor.training.evaluation import fixed_sample

MOST_VALUES = 250_000_000
"""Values of the inputs that are looked at; of larger data only so many."""
STREAMED_EXAMPLES = 4096
"""Training and validation examples that are read of streamed data."""


@dataclass(frozen=True)
class Looked:
    """Inputs and targets of one split, or of a sample of it."""

    inputs: Array
    """(n, ...) as the model sees them"""
    targets: Array
    rows: Rows
    """the inputs, to be compared"""
    sampled_of: int | None
    """how many examples there are, where this is a sample"""


def look_at(dataset: Dataset) -> tuple[Looked, Looked]:
    """The training and validation examples to check. Raises DataError while reading streams."""
    values = int(np.prod(dataset.input_shape))
    most = STREAMED_EXAMPLES if dataset.streamed else max(1, MOST_VALUES // max(1, values))
    return _looked(dataset.train, most), _looked(dataset.validation, most)


def _looked(split: Split, most: int) -> Looked:
    n, inputs, targets = len(split.targets), split.inputs, split.targets
    if n <= most:
        whole: Any = inputs[:]
        return Looked(whole, targets, Rows(whole), None)
    rows = fixed_sample(n, most)
    taken: Any = inputs[rows]
    return Looked(taken, targets[rows], Rows(taken), n)


def said(train: Looked, validation: Looked) -> tuple[str, ...]:
    """What was looked at only in part, for people."""
    return tuple(
        f"data checks read {len(looked.targets)} of {looked.sampled_of} {name} examples"
        for name, looked in (("training", train), ("validation", validation))
        if looked.sampled_of is not None
    )
