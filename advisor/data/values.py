"""What the data is, once it is read: plain frozen values."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.recipe import Task

Array: TypeAlias = NDArray[Any]
Rows: TypeAlias = NDArray[np.int64]


class DataError(ValueError):
    """The data cannot be used. The message says what, where, and what is allowed."""


@dataclass(frozen=True)
class Split:
    """Examples as a model sees them.

    `inputs` is float32 (n, ...), images as (n, height, width, channels). `targets` is (n,):
    int64 classes; float32 0 and 1 for binary; float32 standardised for regression.
    """

    inputs: Floats
    targets: Array


@dataclass(frozen=True)
class Dataset:
    """The training and validation examples of one recipe. The test examples are not here."""

    task: Task
    train: Split
    validation: Split
    outputs: int
    """number of classes; 1 for binary and regression"""
    classes: tuple[str, ...] | None
    """the name of each class; None for regression"""
    target_mean: float
    target_std: float
    """of the raw training targets, for regression; 0 and 1 otherwise"""
    fingerprint: str
    """SHA-256 of the source's content"""
    test_examples: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.train.inputs.shape[1:])


@dataclass(frozen=True)
class Part:
    """Inputs and targets as the source holds them, before any split or scaling."""

    inputs: Array
    targets: Array
    inputs_name: str
    """what messages call the inputs, such as x_train"""
    targets_name: str


@dataclass(frozen=True)
class Source:
    """What a source holds. Parts that it does not bring are split off the training part."""

    name: str
    train: Part
    validation: Part | None
    test: Part | None
    fingerprint: str
    class_names: tuple[str, ...] | None = None
    numbered: bool = False
    """whole-number targets are class numbers from 0, rather than names of classes"""


def suggestion(name: str, known: Sequence[str]) -> str:
    """ "; did you mean 'x'?" when `name` nearly is one of `known`, else nothing."""
    lowered = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lowered, 1)
    return f"; did you mean {lowered[near[0]]!r}?" if near else ""
