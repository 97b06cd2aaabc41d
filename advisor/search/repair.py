"""What a change to a recipe must bring along so that the recipe stays whole and sensible."""

from __future__ import annotations

from typing import Any, TypeAlias

from advisor.recipe import DECOUPLED, Recipe, Transformer

Change: TypeAlias = dict[str, Any]
"""Values by path, as `Recipe.changed` takes them."""

MOMENTUM = 0.9
"""Of SGD where the recipe had another optimiser: without momentum its rates would be others."""


def repaired(start: Recipe, change: Change) -> Change:
    """The change with what it entails; `start.changed` of it is a valid recipe."""
    if not change:
        return {}
    return {**change, **_optimizer(start, change), **_batch(start, change), **_width(start, change)}


def _optimizer(start: Recipe, change: Change) -> Change:
    """Decoupled decay goes with the optimisers that have it; SGD gets its usual momentum."""
    kind, entailed = change.get("optimizer.kind", start.optimizer.kind), Change()
    if start.regularization.weight_decay and kind not in DECOUPLED:
        entailed["regularization.weight_decay"] = 0.0
    moved = kind != start.optimizer.kind
    if moved and "regularization.weight_decay" in change and not start.locks("regularization.l2"):
        entailed["regularization.l2"] = 0.0  # one decay, not two
    if moved and kind == "sgd":
        entailed |= {"optimizer.momentum": MOMENTUM}
    return entailed


def _batch(start: Recipe, change: Change) -> Change:
    """As few portions as keep each no larger than it was, for the memory's sake."""
    size, before = change.get("train.batch_size"), start.train
    if size is None or (size % before.accumulation == 0 and size <= before.batch_size):
        return {}
    if before.accumulation == 1 or start.locks("train.accumulation"):
        return {}
    portion = before.batch_size // before.accumulation
    fitting = (n for n in range(1, size + 1) if size % n == 0 and size // n <= portion)
    return {"train.accumulation": next(fitting)}


def _width(start: Recipe, change: Change) -> Change:
    """The inner layer of a transformer's blocks grows with them."""
    units, model = change.get("model.units"), start.model
    if units is None or not isinstance(model, Transformer) or start.locks("model.feedforward"):
        return {}
    inner = min(65536, max(1, round(model.feedforward * units / model.units)))
    return {"model.feedforward": inner}
