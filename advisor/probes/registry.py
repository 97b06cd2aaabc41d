"""Which probes there are, and what they cost at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor import data
from advisor.backend import Backend
from advisor.events import ProbeFinished
from advisor.preflight import ONE_BATCH_SHARE, PREFLIGHT_SHARE, most_epochs, one_batch
from advisor.preflight import run as preflight
from advisor.probes.batch_sizes import batch_size, batch_size_epochs
from advisor.probes.capacity import capacity, capacity_epochs
from advisor.probes.noise import noise_epochs, noise_scale
from advisor.probes.range_test import lr_range, range_steps
from advisor.recipe import Recipe

Probe = Callable[[Recipe, data.Dataset, Backend, str], ProbeFinished]
Cost = Callable[[Recipe, int], float]

_OF_NO_MATTER: Mapping[str, Any] = {
    "regularization.dropout": 0.0,
    "regularization.augmentation": {},
    "optimizer.lr": 0.001,
    "schedule": {"kind": "constant"},
    "train.epochs": 1,
    "train.early_stopping": None,
    "tune.locked": [],
}
"""To any probe: `lr_range` looks for a rate, and the others last a few steps. A lock may name a
field that goes away with these."""
OF_ANY_BATCH = ("batch_size", "noise_scale")
"""Probes that say the same whatever the present batch size is."""

PROBES: dict[str, Probe] = {
    "preflight": preflight,
    "one_batch": one_batch,
    "lr_range": lr_range,
    "batch_size": batch_size,
    "noise_scale": noise_scale,
    "capacity": capacity,
}


def probe_epochs(probe: str, recipe: Recipe, train_examples: int) -> float:
    """The most epochs that a probe of this name can cost; KeyError for an unknown probe."""
    return _COSTS[probe](recipe, train_examples)


def probe_key(probe: str, recipe: Recipe) -> str:
    """What the result of this probe depends on: recipes of the same key share it."""
    changes = dict(_OF_NO_MATTER)
    if probe in OF_ANY_BATCH:
        changes |= {"train.batch_size": recipe.train.accumulation, "train.seed": 0}
    return recipe.changed(changes).digest()


def _range_test(recipe: Recipe, train_examples: int) -> float:
    return range_steps(recipe, train_examples) * recipe.train.batch_size / train_examples


_COSTS: Mapping[str, Cost] = {
    "preflight": lambda recipe, n: most_epochs(PREFLIGHT_SHARE, recipe, n),
    "one_batch": lambda recipe, n: most_epochs(ONE_BATCH_SHARE, recipe, n),
    "lr_range": _range_test,
    "batch_size": batch_size_epochs,
    "noise_scale": noise_epochs,
    "capacity": capacity_epochs,
}
