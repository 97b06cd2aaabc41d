"""What `start` is told, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from advisor.recipe import METRICS, Metric, Task, default_metric
from advisor.text import clean


class RecordError(ValueError):
    """A wrong argument: what, and what is allowed."""


@dataclass(frozen=True)
class Setup:
    """The training as its user describes it."""

    task: Task
    metric: Metric
    classes: int | None
    batch_size: int
    epochs: int
    steps_per_epoch: int | None
    train_examples: int | None
    validation_examples: int | None
    targets: Any = None
    inputs: Any = None
    chance_loss: float | None = None
    chance_metric: float | None = None


def checked(told: Mapping[str, Any]) -> Setup:
    """Raises RecordError."""
    task = _one_of("task", told["task"], get_args(Task))
    metric = told["metric"] if told["metric"] is not None else default_metric(task)  # type: ignore[arg-type]
    for name in ("epochs", "batch_size"):
        _count(name, told[name])
    for name in ("steps_per_epoch", "train_examples", "validation_examples", "classes"):
        if told[name] is not None:
            _count(name, told[name])
    for name in ("chance_loss", "chance_metric"):
        if told[name] is not None:
            number(name, told[name])
    _one_of("metric", metric, METRICS[task])  # type: ignore[index]
    examples = told["train_examples"]
    if told["targets"] is not None and examples is None:
        examples = len(told["targets"])
    return Setup(**{**told, "metric": metric, "train_examples": examples})


def number(name: str, value: Any) -> float:
    """A number of any kind: Python's, NumPy's, or an array of one element."""
    detached = value.detach() if hasattr(value, "detach") else value  # else torch warns
    try:
        return float(detached)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecordError(f"{name} must be one number, not {_seen(value)}") from error


def _count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RecordError(f"{name} must be a whole number of 1 or more, not {_seen(value)}")


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise RecordError(f"{name} {_seen(value)} is not known; allowed: {', '.join(known)}")
    return str(value)


def _seen(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"a {type(value).__name__} of shape {tuple(shape)}"
    return clean(repr(value)[:60])
