"""What both loops train on, and what may be wrong in them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

from advisor import record
from advisor.record import Recorder

FAULTS = {
    "none": "nothing",
    "regression": "nothing, on a regression",
    "last_dropped": "nothing; the last batch of an epoch, which is smaller, is left out",
    "mse_of_softmax": "squared error between softmax and one-hot targets",
    "unshuffled": "examples in the order of their classes, never shuffled",
    "wrong_sign": "the loss is turned round",
    "raw_targets": "targets around 50 that were not standardised",
    "broadcast": "predictions (n, 1) minus targets (n,)",
    "head_not_trained": "the optimiser was not given the last layer",
    "gradients_kept": "gradients are never zeroed",
    "slow_input": "each batch is waited for",
    "likelihood_of_logits": "a loss for log-probabilities gets logits",
}
REGRESSIONS = ("regression", "raw_targets", "broadcast")
EPOCHS, BATCH, HIDDEN, CLASSES = 12, 32, 64, 10
WAIT = 0.01
"""seconds a batch is waited for where the input is slow"""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Setting:
    """Data and settings of one loop. Targets are int64 classes or float32 values."""

    fault: str
    x: Floats
    y: NDArray[Any]
    held_x: Floats
    held_y: NDArray[Any]
    lr: float = 1e-3

    @property
    def regression(self) -> bool:
        return self.fault in REGRESSIONS

    @property
    def outputs(self) -> int:
        return 1 if self.regression else CLASSES

    def record(self, folder: Path) -> Recorder:
        told = {"task": "regression"} if self.regression else {"classes": CLASSES}
        return record.start(
            folder,
            epochs=EPOCHS,
            batch_size=BATCH,
            targets=self.y,
            inputs=self.x,
            train_examples=len(self.x),
            validation_examples=len(self.held_x),
            **told,
        )

    def batches(self, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """The rows of each batch of one epoch, as they come; whole batches only."""
        n = len(self.x) // BATCH * BATCH
        order = np.arange(n) if self.fault == "unshuffled" else random.permutation(len(self.x))[:n]
        for rows in order.reshape(-1, BATCH):
            if self.fault == "slow_input":
                time.sleep(WAIT)
            yield rows

    def metric(self, outputs: Floats, targets: NDArray[Any]) -> float:
        """Accuracy, or R2; the metric is sound whatever the loss is."""
        if not self.regression:
            return float(np.mean(outputs.argmax(1) == targets))
        spread = np.mean((targets - np.mean(targets)) ** 2)
        return float(1 - np.mean((outputs[:, 0] - targets) ** 2) / spread)

    def predicted_share(self, outputs: Floats) -> float | None:
        if self.regression:
            return None
        return float(np.bincount(outputs.argmax(1), minlength=CLASSES).max() / len(outputs))


def setting_of(fault: str) -> Setting:
    """KeyError for a fault that no loop has."""
    FAULTS[fault]
    return _regression(fault) if fault in REGRESSIONS else _digits(fault)


def _digits(fault: str) -> Setting:
    bunch = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    x = (bunch.data[order] / 8 - 1).astype(np.float32)
    y = bunch.target[order].astype(np.int64)
    train = slice(0, 1000 if fault == "last_dropped" else 992)
    x_train, y_train = x[train], y[train]
    if fault == "unshuffled":
        by_class = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[by_class], y_train[by_class]
    return Setting(fault, x_train, y_train, x[1000:1400], y[1000:1400])


def _regression(fault: str) -> Setting:
    x, y = datasets.make_friedman1(1000, n_features=10, noise=0.5, random_state=0)
    scaled = (y - y.mean()) / y.std() + (50 if fault == "raw_targets" else 0)
    x, y = (2 * x - 1).astype(np.float32), scaled.astype(np.float32)
    return Setting(fault, x[:800], y[:800], x[800:], y[800:])
