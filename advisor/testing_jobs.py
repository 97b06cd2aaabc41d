"""Small recipes, data and jobs to try a backend on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import (
    Activation,
    Floats,
    Weights,
    expand,
    initial_weights,
)
from advisor.backend import Batches, Job, Precision
from advisor.recipe import (
    LOSSES,
    ActivationKind,
    Data,
    Mlp,
    NormalizationKind,
    Recipe,
    Task,
    Train,
)

TASKS: Mapping[str, Task] = {loss: task for task, losses in LOSSES.items() for loss in losses}
MODELS = ("mlp", "cnn")
NORMALIZATIONS: Sequence[NormalizationKind] = get_args(NormalizationKind)
ACTIVATIONS: Sequence[ActivationKind] = get_args(ActivationKind)
SHAPES = {"mlp": (6,), "cnn": (7, 6, 2)}
CLASSES = 3
EXACT, CLOSE = 1e-12, 1e-9
"""relative, float64: the same program in two portions; two programs for the same thing"""

RATES = {"sgd": 0.1, "rmsprop": 0.01, "adam": 0.01, "adamw": 0.01}
OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {
    "sgd": {"optimizer.kind": "sgd"},
    "momentum": {"optimizer.kind": "sgd", "optimizer.momentum": 0.9},
    "nesterov": {
        "optimizer.kind": "sgd",
        "optimizer.momentum": 0.9,
        "optimizer.nesterov": True,
        "regularization.l2": 0.01,
    },
    "rmsprop": {"optimizer.kind": "rmsprop", "optimizer.alpha": 0.9},
    "adam": {"optimizer.kind": "adam", "optimizer.eps": 1e-3, "regularization.l2": 0.01},
    "adamw": {"optimizer.kind": "adamw", "regularization.weight_decay": 0.1},
    "clipped": {
        "optimizer.kind": "sgd",
        "optimizer.clip_norm": 0.1,
        "regularization.l2": 0.01,
    },
}


def small_recipe(changes: Mapping[str, Any] | None = None, task: Task = "classification") -> Recipe:
    """A recipe that trains in milliseconds, with these fields changed: `{"optimizer.lr": 0.1}`."""
    recipe = Recipe(
        task=task,
        data=Data(source="sklearn:digits"),
        model=Mlp(hidden=(8,)),
        train=Train(batch_size=16),
    )
    changes = dict(changes or {})
    if changes.get("model.kind") == "cnn":
        changes.setdefault("model.channels", (3, 4))
    return recipe.changed(changes)


def small_data(
    task: Task, shape: tuple[int, ...], examples: int = 96, seed: int = 0
) -> tuple[Floats, NDArray[Any]]:
    """Learnable inputs (examples, *shape), float32, and targets as `Job.targets` wants them."""
    random = np.random.Generator(np.random.Philox(key=[seed, examples]))
    inputs = random.standard_normal((examples, *shape))
    if task == "regression":
        values = inputs.reshape(examples, -1) @ random.standard_normal(math.prod(shape))
        values += 0.1 * random.standard_normal(examples)
        return float32(inputs), float32((values - values.mean()) / values.std())
    classes = np.arange(examples) % (2 if task == "binary" else CLASSES)
    inputs += 1.5 * random.standard_normal((CLASSES, *shape))[classes]
    return float32(inputs), float32(classes) if task == "binary" else classes


def small_job(
    changes: Mapping[str, Any] | None = None,
    task: Task = "classification",
    *,
    examples: int = 96,
    precision: Precision = "float64",
    device: str = "cpu",
) -> Job:
    """`small_recipe` on `small_data`: (n, 6) for an mlp, (n, 7, 6, 2) for a cnn."""
    recipe = small_recipe(changes, task)
    shape = SHAPES[recipe.model.kind]
    layers = expand(recipe, shape, CLASSES if task == "classification" else 1)
    weights = initial_weights(layers, recipe.initialization, recipe.train.seed)
    inputs, targets = small_data(task, shape, examples)
    return Job(recipe, layers, weights, inputs, targets, device, precision)


def mixed_job(kind: str, normalization: str, precision: Precision, device: str = "cpu") -> Job:
    """A job whose seven hidden layers have one activation each; few programs cover them all."""
    blocks = 2 if kind == "cnn" else 0
    changes = {
        "model.kind": kind,
        "model.normalization": normalization,
        "model.hidden": (8,) * (len(ACTIVATIONS) - blocks),
        "regularization.l2": 0.1,
        "regularization.dropout": 0.5,
    }
    job = small_job(changes, precision=precision, device=device)
    turn = 2 * NORMALIZATIONS.index(cast("NormalizationKind", normalization))
    kinds = iter((*ACTIVATIONS[turn:], *ACTIVATIONS[:turn]))
    layers = tuple(
        Activation(layer.name, next(kinds)) if isinstance(layer, Activation) else layer
        for layer in job.layers
    )
    return dataclasses.replace(job, layers=layers, weights=scattered(job.weights))


def small_batches(job: Job, steps: int, lr: float | None = None, start: int = 0) -> Batches:
    """Steps `start` to `start + steps` over the examples in a fixed order; the rate varies."""
    size = job.recipe.train.batch_size
    places = np.arange(start * size, (start + steps) * size).reshape(steps, size)
    rate = job.recipe.optimizer.lr if lr is None else lr
    rates = rate / (1 + 0.1 * np.arange(start, start + steps))
    return Batches(places * 7 % len(job.targets), rates, None, start)


def scattered(weights: Weights, seed: int = 0) -> Weights:
    """The same weights with noise on every array, so that none is zero or one."""
    random = np.random.Generator(np.random.Philox(seed))
    return {name: array + 0.2 * random.random(array.shape) for name, array in weights.items()}


def float32(array: NDArray[Any]) -> Floats:
    return array.astype(np.float32)
