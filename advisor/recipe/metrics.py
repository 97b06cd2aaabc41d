"""Which metrics a task has; `advisor.metrics` computes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from advisor.recipe.section import Task

Metric = Literal[
    "accuracy", "balanced_accuracy", "f1", "roc_auc", "r2", "rmse", "mae", "perplexity"
]

METRICS: Mapping[Task, tuple[Metric, ...]] = {
    "classification": ("accuracy", "balanced_accuracy", "f1", "roc_auc"),
    "binary": ("accuracy", "balanced_accuracy", "f1", "roc_auc"),
    "multilabel": ("f1", "accuracy", "roc_auc"),
    "regression": ("r2", "rmse", "mae"),
    "language_model": ("perplexity", "accuracy"),
}
LOWER_IS_BETTER: frozenset[Metric] = frozenset({"rmse", "mae", "perplexity"})


def default_metric(task: Task | None) -> Metric:
    return METRICS[task][0] if task else "accuracy"
