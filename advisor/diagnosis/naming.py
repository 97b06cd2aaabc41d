"""Which task a log is of, and which of its metrics to judge by, from the names in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from advisor.diagnosis.told import Told, task_of
from advisor.logs import Series
from advisor.logs.log import Values, shown
from advisor.logs.names import meaning
from advisor.recipe import METRICS, Metric, Task, default_metric

LOSS_TASKS: Mapping[str, Task] = {
    "mse_loss": "regression",
    "lm_loss": "language_model",
    "bce": "binary",
    "bce_loss": "binary",
}
DERIVED: Mapping[str, tuple[Metric, str, Callable[[Values], Values]]] = {
    "mse": ("rmse", "the square root of", np.sqrt),
    "error": ("accuracy", "1 -", lambda values: 1 - values),
}
"""Logged name -> the metric that it gives."""
CLASSIFIERS = ("precision", "recall", "iou", "dice")
NO_NAME = "classification: no name in the log tells another"
PERCENT = 1.5
"""A share above this was logged in percent."""
SHARES = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "error")


@dataclass(frozen=True)
class Naming:
    """What the names came to."""

    task: Task
    metric: Metric
    train: Series | None
    validation: Series | None
    assumed: Mapping[str, str]

    @property
    def has_metric(self) -> bool:
        """Whether the log has the metric to judge by."""
        return self.train is not None or self.validation is not None


def understood(series: Mapping[str, Series], told: Told) -> Naming:
    """Task and metric: as told, or else from the names of series."""
    assumed: dict[str, str] = {}
    task = told.task or _task(series, told, assumed)
    metric = told.metric if told.metric in METRICS[task] else _metric(series, task)
    found = {split: _named(series, split, metric, assumed) for split in ("train", "validation")}
    if told.metric is None and any(one is not None for one in found.values()):
        assumed.setdefault("metric", f"{metric}, from the names in the log")
    return Naming(task, metric, found["train"], found["validation"], assumed)


def _task(series: Mapping[str, Series], told: Told, assumed: dict[str, str]) -> Task:
    if told.metric is not None:
        return task_of(told.metric)
    for what in (*logged(series), *_loss_words(series)):
        metric = DERIVED[what][0] if what in DERIVED else what
        task = LOSS_TASKS.get(what) or _usual_task(metric)
        if task is not None:
            assumed["task"] = f"{task}, from the name {shown(what)}"
            return task
    assumed["task"] = NO_NAME
    return "classification"


def _usual_task(metric: str) -> Task | None:
    if metric in CLASSIFIERS:
        return "classification"
    if metric == "perplexity":
        return "language_model"
    tasks: tuple[Task, ...] = ("regression", "classification")
    return next((task for task in tasks if metric in METRICS[task]), None)


def tasks_of(what: str) -> set[Task]:
    """The tasks that a logged metric may be of; none for a name that is not known."""
    if what in CLASSIFIERS:
        return {"classification", "binary", "multilabel"}
    metric = DERIVED[what][0] if what in DERIVED else what
    return {task for task, metrics in METRICS.items() if metric in metrics}


def logged(series: Mapping[str, Series]) -> list[str]:
    """Metrics in the log, those that are of validation first."""
    names = [name.partition("/") for name in series if "_metric/" in name]
    held_out = [what for split, _, what in names if split == "validation_metric"]
    return list(dict.fromkeys([*held_out, *(what for _, _, what in names)]))


def _loss_words(series: Mapping[str, Series]) -> list[str]:
    losses = [series[name] for name in ("train_loss", "validation_loss") if name in series]
    return [meaning(one.name).what for one in losses]


def _metric(series: Mapping[str, Series], task: Task) -> Metric:
    """The first of the task's metrics that was logged of validation, or else of training."""
    derived = {DERIVED[what][0] for what in logged(series) if what in DERIVED}
    for split in ("validation", "train"):
        for metric in METRICS[task]:
            if f"{split}_metric/{metric}" in series:
                return metric
    return next((m for m in METRICS[task] if m in derived), default_metric(task))


def _named(
    series: Mapping[str, Series], split: str, metric: Metric, assumed: dict[str, str]
) -> Series | None:
    """The series of this metric in its usual unit; None where there is none."""
    one = series.get(f"{split}_metric/{metric}")
    if one is not None:
        return _in_unit(one, metric, assumed)
    for what, (gives, words, compute) in DERIVED.items():
        other = series.get(f"{split}_metric/{what}")
        if gives == metric and other is not None:
            other = _in_unit(other, what, assumed)
            assumed["metric"] = f"{metric}, {words} the logged {what}"
            with np.errstate(all="ignore"):
                return _with(other, compute(other.values))
    loss = series.get(f"{split}_loss")
    if metric == "perplexity" and loss is not None:
        assumed["metric"] = "perplexity, e to the power of the logged loss"
        with np.errstate(all="ignore"):
            return _with(loss, np.exp(loss.values))
    return None


def _in_unit(one: Series, what: str, assumed: dict[str, str]) -> Series:
    finite = one.values[np.isfinite(one.values)]
    if what not in SHARES or not len(finite) or not PERCENT < finite.max() <= 100:
        return one
    assumed["metric_unit"] = f"{what} was logged in percent: divided by 100"
    return _with(one, one.values / 100)


def _with(one: Series, values: Values) -> Series:
    return Series(one.name, one.steps, one.epochs, values)
