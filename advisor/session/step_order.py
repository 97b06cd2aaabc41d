"""Which single steps are the most promising. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.search import Step
from advisor.state import Attempt

SHAPES = ("model.", "train.batch_size", "train.epochs", "train.accumulation", "optimizer.kind")
"""A change of these makes another program; all others can run in step with each other."""
ORDER = ("train.batch_size", "model", "optimizer.kind")
"""Among the shapes, what has moved results most comes first."""
CAPACITY = ("model.hidden", "model.channels", "model.units")
RESTRAINT = (
    "regularization.dropout",
    "regularization.feature_dropout",
    "regularization.label_smoothing",
    "regularization.weight_decay",
    "regularization.l2",
    "regularization.augmentation.translation",
    "train.batch_size",  # fewer updates
)
"""More of it fits the training set less."""


def promising(leader: Attempt, steps: Iterable[Step]) -> tuple[list[Step], list[Step]]:
    """The steps, the most promising first: those that change shapes, and all others. What a model
    that underfits or overfits needs comes before the rest, and what it needs least comes last."""
    wanted = _wanted(leader)
    found = sorted(steps, key=lambda step: (-wanted * _fits_more(step), _place(step.path)))
    shapes = [step for step in found if step.path.startswith(SHAPES)]
    return shapes, [step for step in found if step not in shapes]


def _wanted(leader: Attempt) -> int:
    """1: it should fit more, -1: less, 0: it cannot be told."""
    under, over = (leader.facts.get(name) is True for name in ("underfitting", "overfitting"))
    return int(under) - int(over)


def _fits_more(step: Step) -> int:
    """Whether the step makes it fit the training set more (1) or less (-1)."""
    way = {"up": 1, "down": -1}.get(step.towards, 0)
    return way * ((step.path in CAPACITY) - (step.path in RESTRAINT))


def _place(path: str) -> int:
    return next((at for at, name in enumerate(ORDER) if path.startswith(name)), len(ORDER))
