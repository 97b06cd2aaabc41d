"""What the data is, once it is read: plain frozen values."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.recipe import Task

Array: TypeAlias = NDArray[Any]
Rows: TypeAlias = NDArray[np.int64]


class Inputs(Protocol):
    """Examples by row: a NumPy array, or `StreamedInputs`, which reads rows when asked."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def ndim(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> Any: ...


class DataError(ValueError):
    """The data cannot be used. The message says what, where, and what is allowed."""


@dataclass(frozen=True)
class Split:
    """Examples as a model sees them.

    `inputs` is float32 (n, ...), images as (n, height, width, channels); or int32 tokens
    (n, time), 0 at the end of short examples. `targets` is (n,): int64 classes; float32 0 and 1
    for binary; float32 standardised for regression; or float32 0 and 1 (n, labels) for
    multilabel; or int64 next tokens (n, time) for language_model.
    """

    inputs: Any
    """a NumPy array; `StreamedInputs` where the data set is streamed"""
    targets: Array
    groups: Array | None = None
    """(n,) what should stay together, where the source says so of this split"""


@dataclass(frozen=True)
class Dataset:
    """The training and validation examples of one recipe. The test examples are not here."""

    task: Task
    train: Split
    validation: Split
    outputs: int
    """number of classes, labels (multilabel) or tokens (language_model); else 1"""
    classes: tuple[str, ...] | None
    """the name of each class; None but for classification and binary"""
    target_mean: float
    target_std: float
    """of the raw training targets, for regression; 0 and 1 otherwise"""
    fingerprint: str
    """SHA-256 of the source's content"""
    test_examples: int
    vocabulary: int = 0
    """number of tokens, padding (0) included; 0 where inputs are numbers"""
    tokens: tuple[str, ...] = ()
    """what each token stands for, where the source is text; the first two are padding and
    unknown"""
    streamed: bool = False
    """the inputs are too large for memory: `Split.inputs` are `StreamedInputs`"""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.train.inputs.shape[1:])


@dataclass(frozen=True)
class Part:
    """Inputs and targets as the source holds them, before any split or scaling.

    Arrays, which may be mapped from a file. Texts are an array of Python strings.
    """

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
    groups: Array | None = None
    """(n,) what must stay together, of the training part"""
    times: Array | None = None
    """(n,) what orders the examples of the training part; None: their own order"""
    ordered: bool = True
    """whether the order of the examples means anything"""
    texts: bool = False
    """inputs are strings, to be made tokens once the training rows are known"""
    vocabulary: int = 0
    """inputs are that many different tokens; 0: numbers or texts"""
    tokens: tuple[str, ...] = ()
    """what each token stands for, where the source knows"""


def suggestion(name: str, known: Sequence[str]) -> str:
    """ "; did you mean 'x'?" when `name` nearly is one of `known`, else nothing."""
    lowered = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lowered, 1)
    return f"; did you mean {lowered[near[0]]!r}?" if near else ""
