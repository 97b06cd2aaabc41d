"""Which single steps are the most promising. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from advisor.search import Step
from advisor.state import Attempt

SHAPES = ("model.", "train.batch_size", "train.epochs", "train.accumulation", "optimizer.kind")
"""A change of these makes another program; all others can run in step with each other."""
ORDER = ("train.batch_size", "model", "optimizer.kind")
"""Among the shapes, what has moved results most comes first."""
CAPACITY = ("model.hidden", "model.channels", "model.units")
REGULARIZERS = (
    "regularization.dropout",
    "regularization.feature_dropout",
    "regularization.label_smoothing",
    "regularization.weight_decay",
    "regularization.l2",
    "regularization.augmentation.translation",
)
RESTRAINT = (*REGULARIZERS, "train.batch_size")
"""More of it fits the training set less; a larger batch, because updates are fewer."""


@dataclass(frozen=True)
class Order:
    """Steps from one training, each part the most promising first."""

    shapes: list[Step]
    """those that change shapes and may well help"""
    others: list[Step]
    """those that can run in step with each other"""
    last: list[Step]
    """shapes that fit less where that is not what is needed, and SGD in place of what adapts its
    rates, which asks for a rate that is not known"""


def promising(leader: Attempt, steps: Iterable[Step]) -> Order:
    """What a model that underfits or overfits needs comes first, what it needs least last; where
    neither can be told, a better fit, since what overfits was regularised before. No regulariser
    is added while it underfits."""
    wanted = _wanted(leader)
    allowed = [one for one in steps if wanted <= 0 or not _restrains(one)]
    way = -1 if wanted < 0 else 1
    found = sorted(allowed, key=lambda step: (-wanted * _fits_more(step), _place(step.path)))
    shapes = [step for step in found if step.path.startswith(SHAPES)]
    last = [step for step in shapes if way * _fits_more(step) < 0 or _is_sgd(step)]
    others = [step for step in found if step not in shapes]
    return Order([step for step in shapes if step not in last], others, last)


def _wanted(leader: Attempt) -> int:
    """1: it should fit more, -1: less, 0: it cannot be told."""
    under, over = (leader.facts.get(name) is True for name in ("underfitting", "overfitting"))
    return int(under) - int(over)


def _fits_more(step: Step) -> int:
    """Whether the step makes it fit the training set more (1) or less (-1)."""
    way = {"up": 1, "down": -1}.get(step.towards, 0)
    return way * ((step.path in CAPACITY) - (step.path in RESTRAINT))


def _restrains(step: Step) -> bool:
    return step.path in REGULARIZERS and step.towards == "up"


def _is_sgd(step: Step) -> bool:
    return step.path == "optimizer.kind" and step.towards.startswith("sgd")


def _place(path: str) -> int:
    return next((at for at, name in enumerate(ORDER) if path.startswith(name)), len(ORDER))
