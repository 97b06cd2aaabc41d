"""What is known of the data, and what ignoring the input would score, from what a user tells."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.events import DataReport
from advisor.record.arguments import RecordError, Setup

NAN = math.nan


@dataclass
class Baseline:
    """Chance's loss and metric; NaN where not known."""

    loss: float = NAN
    metric: float = NAN
    shares: list[float] | None = None
    std: float = 1.0
    assumed: dict[str, str] = field(default_factory=dict)


def baseline(setup: Setup) -> Baseline:
    """From the targets if they are given; classes without them are taken as equally frequent.

    Raises RecordError for targets that do not fit the task.
    """
    found = _from_targets(setup) if setup.targets is not None else _without_targets(setup)
    for name in ("loss", "metric"):
        told = getattr(setup, f"chance_{name}")
        if told is not None:
            setattr(found, name, float(told))
            found.assumed.pop(f"chance_{name}", None)
    return found


def data_report(setup: Setup, found: Baseline) -> DataReport:
    """0 examples and NaN stand for what is not known."""
    largest, off, ratio = _spread(setup.inputs)
    shape = list(np.shape(setup.inputs)[1:]) if setup.inputs is not None else []
    return DataReport(
        setup.train_examples or 0,
        setup.validation_examples or 0,
        [int(size) for size in shape],
        _classes(setup) if setup.task != "regression" else 1,
        found.shares,
        found.std,
        largest,
        off,
        ratio,
    )


def _classes(setup: Setup) -> int:
    return setup.classes or (2 if setup.task == "binary" else 0)


def _without_targets(setup: Setup) -> Baseline:
    classes = _classes(setup)
    if setup.task in ("regression", "multilabel"):
        return Baseline(metric=0.0 if setup.metric == "r2" else NAN)
    if classes < 2:
        return Baseline()
    found = _of_shares(setup, np.full(classes, 1 / classes))
    said = f"{classes} classes, taken as equally frequent"
    found.assumed = {"chance_loss": said, "chance_metric": said}
    found.shares = None
    return found


def _from_targets(setup: Setup) -> Baseline:
    targets = _array("targets", setup.targets)
    if setup.task == "regression":
        return _of_values(setup, targets.astype(np.float64).ravel())
    if setup.task == "multilabel":
        p = np.clip(
            targets.reshape(len(targets), -1).mean(axis=0, dtype=np.float64), 1e-12, 1 - 1e-12
        )
        loss = float(np.mean(-p * np.log(p) - (1 - p) * np.log(1 - p)))
        scores = {"accuracy": float(np.mean(np.maximum(p, 1 - p))), "roc_auc": 0.5}
        return Baseline(loss, scores.get(setup.metric, NAN))
    whole = targets.astype(np.int64).ravel()
    if not len(whole) or whole.min() < 0 or (whole != targets.ravel()).any():
        raise RecordError("targets must be numbers of classes: 0, 1, 2, ...")
    counts = np.bincount(whole, minlength=_classes(setup))
    return _of_shares(setup, counts / counts.sum())


def _of_shares(setup: Setup, shares: NDArray[np.float64]) -> Baseline:
    there = shares[shares > 0]
    entropy, top, n = float(-(there * np.log(there)).sum()), float(shares.max()), len(there)
    scores = {
        "accuracy": top,
        "balanced_accuracy": 1 / n,
        "f1": 2 * top / (1 + top) / n,
        "roc_auc": 0.5,
        "perplexity": math.exp(entropy),
    }
    told = None if setup.task == "language_model" else shares.tolist()
    return Baseline(entropy, scores[setup.metric], told)


def _of_values(setup: Setup, values: NDArray[np.float64]) -> Baseline:
    std = float(values.std())
    scores = {"r2": 0.0, "rmse": std, "mae": float(np.mean(np.abs(values - np.median(values))))}
    said = "the variance of the targets: the loss is taken as their mean squared error"
    return Baseline(std**2, scores[setup.metric], None, std, {"chance_loss": said})


def _spread(inputs: Any) -> tuple[float, float, float]:
    """Largest value, largest mean, largest over smallest deviation, by feature or channel."""
    if inputs is None:
        return NAN, NAN, NAN
    array = _array("inputs", inputs).astype(np.float64)
    over = tuple(range(array.ndim - 1)) or (0,)
    mean, std = array.mean(axis=over), array.std(axis=over)
    varying = std[std > 0]
    ratio = float(varying.max() / varying.min()) if varying.size else 1.0
    return float(np.abs(array).max()), float(np.abs(mean).max()), ratio


def _array(name: str, values: Any) -> NDArray[Any]:
    try:
        found = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecordError(f"{name} must be an array: {error}") from error
    if found.dtype.kind not in "buif" or not found.size or not found.ndim:
        raise RecordError(f"{name} must be an array of numbers that is not empty")
    return found
