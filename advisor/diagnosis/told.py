"""What a person may tell of a training whose log does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

from advisor.recipe import METRICS, Metric, Task, default_metric

LARGEST, MOST_CLASSES = 10**12, 1_000_000
RECIPE_SAYS = ("task", "metric", "batch_size", "epochs")


class DiagnosisError(ValueError):
    """What cannot be diagnosed as asked; the message is for people."""


@dataclass(frozen=True)
class Told:
    """None is what nobody told."""

    task: Task | None = None
    metric: Metric | None = None
    classes: int | None = None
    """of a language model: the tokens that there are"""
    batch_size: int | None = None
    epochs: int | None = None
    """how many were planned"""
    steps_per_epoch: int | None = None
    train_examples: int | None = None
    validation_examples: int | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    @property
    def epoch_steps(self) -> int | None:
        """Optimiser steps of an epoch, where they follow from what was told."""
        if self.steps_per_epoch is not None:
            return self.steps_per_epoch
        if self.train_examples is None or self.batch_size is None:
            return None
        return -(-self.train_examples // self.batch_size)


def checked(told: Mapping[str, Any], recipe_is_there: bool = False) -> Told:
    """Raises DiagnosisError for what is not allowed, or what a recipe that is there says."""
    names = [field.name for field in fields(Told)]
    given = {name: value for name, value in told.items() if value is not None}
    for name, value in given.items():
        if name not in names:
            raise DiagnosisError(f"{name} cannot be told; what can: {', '.join(names)}")
        if recipe_is_there and name in RECIPE_SAYS:
            raise DiagnosisError(f"{name}: the recipe says it; change it there")
        if name not in ("task", "metric"):
            _count(name, value)
    task = given.get("task")
    if task is not None and task not in get_args(Task):
        raise DiagnosisError(f"task: found {task!r}; allowed: {', '.join(get_args(Task))}")
    metric = given.get("metric")
    allowed = METRICS[task] if task is not None else get_args(Metric)
    if metric is not None and metric not in allowed:
        raise DiagnosisError(f"metric: found {metric!r}; allowed: {', '.join(allowed)}")
    if "classes" in given:
        _classes(given["classes"], task or (task_of(metric) if metric else None))
    return Told(**given)


def task_of(metric: Metric) -> Task:
    """The task that a metric is usual for."""
    return next(task for task in METRICS if metric in (default_metric(task), *METRICS[task]))


def _classes(classes: int, task: Task | None) -> None:
    if task == "regression":
        raise DiagnosisError("classes: a regression has none; leave it out, or tell another task")
    if task == "binary" and classes != 2:
        raise DiagnosisError(f"classes: found {classes}; a binary task has 2")


def _count(name: str, value: Any) -> None:
    least, most = (2, MOST_CLASSES) if name == "classes" else (1, LARGEST)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        wanted = f"a whole number from {least} to {most:,} is needed"
        raise DiagnosisError(f"{name}: found {value!r}; {wanted}")
