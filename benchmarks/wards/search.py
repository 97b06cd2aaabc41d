"""What random search makes of the same sick recipe: the usual ranges, nothing learned from runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from advisor.recipe import DECOUPLED, Recipe

LR = {
    "sgd": (1e-3, 1.0),
    "adam": (1e-5, 1e-2),
    "adamw": (1e-5, 1e-2),
    "rmsprop": (1e-5, 1e-2),
}
"""Log-uniform (rulebook 4.2)."""
DECAY = (5e-3, 1.0)
L2 = (1e-5, 1e-3)
MOMENTUM = (5e-3, 0.3)
"""Of 1 - momentum, log-uniform."""
BATCHES, WARMUPS, SMOOTHINGS = (16, 32, 64, 128), (0.0, 0.02, 0.05, 0.1), (0.0, 0.1, 0.2)
CLIPS, DROPOUTS = (None, 1.0), (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def samples(recipe: Recipe, count: int, seed: int) -> Iterator[Recipe]:
    """Recipes like this one, with the usual hyperparameters drawn anew; the first ones of a longer
    search are those of a shorter one."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        yield recipe.changed(_drawn(recipe, random))


def _drawn(recipe: Recipe, random: np.random.Generator) -> dict[str, Any]:
    kind = recipe.optimizer.kind
    change: dict[str, Any] = {
        "optimizer.lr": _log(random, *LR[kind]),
        "optimizer.clip_norm": CLIPS[random.integers(len(CLIPS))],
        "train.batch_size": int(random.choice(BATCHES)),
        "train.accumulation": 1,
    }
    if kind == "sgd":
        change["optimizer.momentum"] = 1 - _log(random, *MOMENTUM)
    if recipe.has("schedule.warmup"):
        change["schedule.warmup"] = float(random.choice(WARMUPS))
    if recipe.model.kind != "own":
        change["regularization.dropout"] = float(random.choice(DROPOUTS))
    if recipe.loss.kind == "cross_entropy":
        change["regularization.label_smoothing"] = float(random.choice(SMOOTHINGS))
    strength = "weight_decay" if kind in DECOUPLED else "l2"
    change[f"regularization.{strength}"] = _log(random, *(DECAY if kind in DECOUPLED else L2))
    return change


def _log(random: np.random.Generator, low: float, high: float) -> float:
    return float(f"{np.exp(random.uniform(np.log(low), np.log(high))):.3g}")
