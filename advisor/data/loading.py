"""From a recipe's data section to arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.architecture import Floats
from advisor.data.checks import checked
from advisor.data.labels import Targets, encode
from advisor.data.scaling import Scaling, moments, standard, unscaled
from advisor.data.sources import read_source
from advisor.data.splits import SplitRows, split_rows
from advisor.data.values import Array, DataError, Dataset, Part, Rows, Source, Split
from advisor.events import DataReport
from advisor.recipe import Data, Task


@dataclass(frozen=True)
class _Prepared:
    source: Source
    targets: Targets
    rows: SplitRows
    scaling: Scaling
    target_mean: float
    target_std: float

    def split(self, rows: Rows, part: Part | None, targets: Array | None) -> Split:
        """These rows of the training part, or the part that the source brings."""
        if part is None or targets is None:
            part, targets = self.source.train, self.targets.train
        else:
            rows = np.arange(len(targets))
        where = f"data.source: {self.source.name}: "
        inputs = self.scaling.apply(where + part.inputs_name, part.inputs, rows)
        return Split(inputs, self._scaled(where + part.targets_name, targets[rows]))

    def _scaled(self, where: str, targets: Array) -> Array:
        if self.targets.classes is not None:
            return targets
        with np.errstate(over="ignore"):
            scaled = ((targets - self.target_mean) / self.target_std).astype(np.float32)
        if not np.isfinite(scaled).all():
            raise DataError(f"{where}: values lie too far from the training targets to scale")
        return np.asarray(scaled)


def load(data: Data, task: Task) -> Dataset:
    """Training and validation examples. Raises DataError.

    The test examples are checked, so that the end of a long session does not fail on them, and
    counted; `load_test` alone hands them out.
    """
    made = _prepare(data, task)
    source, targets, rows = made.source, made.targets, made.rows
    return Dataset(
        task,
        train=made.split(rows.train, None, None),
        validation=made.split(rows.validation, source.validation, targets.validation),
        outputs=len(targets.classes or "x") if task == "classification" else 1,
        classes=targets.classes,
        target_mean=made.target_mean,
        target_std=made.target_std,
        fingerprint=source.fingerprint,
        test_examples=len(rows.test if targets.test is None else targets.test),
    )


def load_test(data: Data, task: Task) -> Split:
    """The sealed test examples, scaled by training statistics. Only `finish` may ask."""
    made = _prepare(data, task)
    return made.split(made.rows.test, made.source.test, made.targets.test)


def check_batch_size(dataset: Dataset, batch_size: int) -> None:
    """Raise DataError when not even one batch can be filled."""
    n = len(dataset.train.targets)
    if n < batch_size:
        raise DataError(
            f"train.batch_size: found {batch_size}, but there are {n} training examples; "
            f"allowed: at most {n}"
        )


def report(dataset: Dataset) -> DataReport:
    """What the training examples look like to the model."""
    inputs, targets = dataset.train.inputs, dataset.train.targets
    shares = None
    if dataset.classes is not None:
        counts = np.bincount(targets.astype(np.int64), minlength=len(dataset.classes))
        shares = (counts / len(targets)).tolist()
    mean, std = moments(inputs)
    varying = std[std > 0]
    return DataReport(
        train_examples=len(targets),
        validation_examples=len(dataset.validation.targets),
        input_shape=list(dataset.input_shape),
        outputs=dataset.outputs,
        class_shares=shares,
        target_std=dataset.target_std,
        input_max_abs=_largest(inputs),
        input_mean_off=_largest(mean),
        input_std_ratio=float(varying.max() / varying.min()) if len(varying) else 1.0,
    )


def _prepare(data: Data, task: Task) -> _Prepared:
    source = checked(read_source(data))
    targets = encode(source, task)
    own = (source.validation is not None, source.test is not None)
    rows = split_rows(data, targets.train, targets.classes, own)
    inputs = source.train.inputs
    scale = data.normalization == "standard"
    scaling = standard(inputs, rows.train) if scale else unscaled(inputs)
    mean, std = 0.0, 1.0
    if task == "regression":
        (mean,), (std,) = moments(targets.train[:, np.newaxis], rows.train)
        if std == 0:
            raise DataError(
                f"data.source: {source.name}: {source.train.targets_name} is constant in the "
                f"training examples ({mean:g}); there is nothing to learn"
            )
    return _Prepared(source, targets, rows, scaling, float(mean), float(std))


def _largest(array: Floats) -> float:
    return float(max(array.max(), -array.min()))
