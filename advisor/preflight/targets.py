"""What the training targets show: outliers among numbers, and answers that the inputs give away."""

from __future__ import annotations

import numpy as np

from advisor.data.values import Dataset
from advisor.preflight.looking import Looked
from advisor.preflight.part import Part

FAR = 10.0
"""Robust deviations from the median: one normal value in 10^23."""
MOST_COLUMNS, MOST_ROWS = 512, 4096
"""Wider inputs are pictures or the like, where no single value is the answer."""
FEWEST_ROWS = 50
EXACT = 1e-6
"""1 - |correlation| that rounding in float32 leaves."""


def check_outliers(dataset: Dataset) -> Part:
    """The share of the training targets far from the rest; regression only."""
    if dataset.task != "regression":
        return Part()
    targets = np.asarray(dataset.train.targets, dtype=float)
    away = np.abs(targets - np.median(targets))
    spread = 1.4826 * float(np.median(away))
    if spread == 0:
        return Part(notes=("half of the targets are equal, so that none can be an outlier",))
    return Part({"target_outlier_share": float(np.mean(away > FAR * spread))})


def check_copies(dataset: Dataset, train: Looked) -> Part:
    """How much of the targets stands in the inputs already.

    Tokens: the share of the positions whose answer is the token that is read there; others: the
    number of input columns that are the target, up to scale and offset.
    """
    if dataset.task == "language_model":
        same = (train.inputs == train.targets) & (train.inputs > 0)
        return Part({"copied_target_share": float(same.sum() / max(1, (train.inputs > 0).sum()))})
    flat = train.inputs.reshape(len(train.inputs), -1)[:MOST_ROWS]
    if dataset.vocabulary or train.targets.ndim > 1 or flat.shape[1] > MOST_COLUMNS:
        return Part()
    if len(flat) < FEWEST_ROWS:
        return Part(notes=(f"fewer than {FEWEST_ROWS} rows may be the target by chance",))
    if dataset.task == "classification" and dataset.outputs > 2:
        return Part()  # class numbers have no order that a column could follow
    targets = np.asarray(train.targets[:MOST_ROWS], dtype=float)
    columns = flat - flat.mean(axis=0, dtype=float)
    targets = targets - targets.mean()
    sizes = np.sqrt((columns**2).sum(axis=0) * (targets**2).sum())
    alike = np.abs(columns.T @ targets) > (1 - EXACT) * sizes
    return Part({"copied_columns": int(np.sum(alike & (sizes > 0)))})
