"""From a recipe's data section to arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.data.checks import checked
from advisor.data.labels import Targets, encode
from advisor.data.scaling import moments, standard, unscaled
from advisor.data.sources import read_source
from advisor.data.splits import SplitRows, split_rows
from advisor.data.streams import StreamedInputs, is_too_large
from advisor.data.transform import AsTokens, Transform, tokenizing
from advisor.data.values import Array, DataError, Dataset, Part, Rows, Source, Split
from advisor.recipe import Data, Task


@dataclass(frozen=True)
class _Prepared:
    source: Source
    targets: Targets
    rows: SplitRows
    transform: Transform
    vocabulary: int
    tokens: tuple[str, ...]
    streamed: bool
    target_mean: float
    target_std: float

    def split(self, rows: Rows, part: Part | None, targets: Array | None) -> Split:
        """These rows of the training part, or the part that the source brings."""
        groups = None
        if part is None or targets is None:
            part, targets = self.source.train, self.targets.train
            groups = None if self.source.groups is None else self.source.groups[rows]
        else:
            rows = np.arange(len(targets))
        where = f"data.source: {self.source.name}: "
        name = where + part.inputs_name
        if self.streamed:
            inputs: Any = StreamedInputs(name, part.inputs, rows, self.transform)
        else:
            inputs = self.transform.apply(name, part.inputs, rows)
        return Split(inputs, self._scaled(where + part.targets_name, targets[rows]), groups)

    def _scaled(self, where: str, targets: Array) -> Array:
        if targets.dtype != np.float64:
            return targets
        with np.errstate(over="ignore"):
            scaled = ((targets - self.target_mean) / self.target_std).astype(np.float32)
        if not np.isfinite(scaled).all():
            raise DataError(f"{where}: values lie too far from the training targets to scale")
        return np.asarray(scaled)


def load(data: Data, task: Task) -> Dataset:
    """Training and validation examples. Raises DataError.

    The test examples are checked, so that the end of a long session does not fail on them, and
    counted; `load_test` alone hands them out. A python: source runs the user's code, so call
    this only after consent.
    """
    made = _prepare(data, task)
    source, targets, rows = made.source, made.targets, made.rows
    return Dataset(
        task,
        train=made.split(rows.train, None, None),
        validation=made.split(rows.validation, source.validation, targets.validation),
        outputs=_outputs(task, targets, made.vocabulary),
        classes=targets.classes,
        target_mean=made.target_mean,
        target_std=made.target_std,
        fingerprint=source.fingerprint,
        test_examples=len(rows.test if targets.test is None else targets.test),
        vocabulary=made.vocabulary,
        tokens=made.tokens,
        streamed=made.streamed,
    )


def load_test(data: Data, task: Task) -> Split:
    """The sealed test examples, scaled by training statistics. Only `finish` may ask."""
    made = _prepare(data, task)
    return made.split(made.rows.test, made.source.test, made.targets.test)


def _outputs(task: Task, targets: Targets, vocabulary: int) -> int:
    if task == "classification":
        return len(targets.classes or ())
    if task == "multilabel":
        return int(targets.train.shape[1])
    return vocabulary if task == "language_model" else 1


def _prepare(data: Data, task: Task) -> _Prepared:
    source = checked(read_source(data, task), task)
    targets = encode(source, task)
    own = (source.validation is not None, source.test is not None)
    if data.split == "time" and not source.ordered and not all(own):
        raise DataError(
            f"data.split: time does not fit {source.name}, whose examples have no order in time; "
            f"allowed: random"
        )
    rows = split_rows(
        data,
        targets.train,
        targets.classes,
        own,
        source.groups,
        source.times,
        source.train.inputs,
    )
    transform, vocabulary, tokens = _transform(data, source, rows.train)
    mean, std = (0.0, 1.0) if task != "regression" else _target_moments(source, targets, rows)
    streamed = not source.texts and is_too_large(source.train.inputs, len(rows.train))
    return _Prepared(source, targets, rows, transform, vocabulary, tokens, streamed, mean, std)


def _transform(data: Data, source: Source, rows: Rows) -> tuple[Transform, int, tuple[str, ...]]:
    """How the model sees inputs, the number of tokens, and what they stand for."""
    inputs = source.train.inputs
    if source.texts:
        made = tokenizing(inputs, rows, data)
        return made, len(made.tokenizer.names), made.tokenizer.names
    if source.vocabulary:
        return AsTokens(), source.vocabulary, source.tokens
    return (standard(inputs, rows) if data.normalization == "standard" else unscaled(inputs)), 0, ()


def _target_moments(source: Source, targets: Targets, rows: SplitRows) -> tuple[float, float]:
    (mean,), (std,) = moments(targets.train[:, np.newaxis], rows.train)
    if std == 0:
        raise DataError(
            f"data.source: {source.name}: {source.train.targets_name} is constant in the "
            f"training examples ({mean:g}); there is nothing to learn"
        )
    return float(mean), float(std)
