"""Small data sets and recipes, sound unless a test makes them otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from advisor.data import Dataset, Split
from advisor.recipe import Recipe

FEATURES, CLASSES = 8, 3


def recipe_of(task: str = "classification", **changes: Any) -> Recipe:
    """A sound recipe; `changes` by path with `__` for the dots."""
    base = Recipe.model_validate(
        {
            "task": task,
            "data": {"source": "sklearn:wine"},
            "model": {"kind": "mlp", "hidden": (16, 16)},
            "train": {"batch_size": 16, "epochs": 100},
        }
    )
    return base.changed({path.replace("__", "."): value for path, value in changes.items()})


def dataset_of(task: str = "classification", train: int = 240, validation: int = 90) -> Dataset:
    """Well separated clouds, balanced, in random order; regression: a noisy plane."""
    ours, theirs = split_of(task, train, 0), split_of(task, validation, 1)
    outputs = CLASSES if task in ("classification", "multilabel") else 1
    classes = {"classification": CLASSES, "binary": 2}.get(task, 0)
    names = tuple(map(str, range(classes))) or None
    return Dataset(task, ours, theirs, outputs, names, 0.0, 1.0, "made", 0)  # type: ignore[arg-type]


def split_of(task: str, n: int, seed: int) -> Split:
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((n, FEATURES)).astype(np.float32)
    if task == "regression":
        plane = inputs @ np.linspace(-1, 1, FEATURES) + 0.2 * random.standard_normal(n)
        return Split(inputs, ((plane - plane.mean()) / plane.std()).astype(np.float32))
    if task == "multilabel":
        return Split(inputs, (inputs[:, :CLASSES] > 0).astype(np.float32))
    kinds = 2 if task == "binary" else CLASSES
    labels = random.permutation(np.arange(n) % kinds)
    inputs[np.arange(n), labels] += 3.0
    return Split(inputs, labels.astype(np.float32 if task == "binary" else np.int64))


def with_train(dataset: Dataset, inputs: np.ndarray, targets: np.ndarray | None = None) -> Dataset:
    kept = dataset.train.targets if targets is None else targets
    return replace(dataset, train=Split(inputs, kept))


def with_validation(
    dataset: Dataset, inputs: np.ndarray, targets: np.ndarray | None = None
) -> Dataset:
    kept = dataset.validation.targets if targets is None else targets
    return replace(dataset, validation=Split(inputs, kept))
