"""Small recipes, data and jobs to try a backend on."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import (
    PADDING,
    Activation,
    BatchNorm,
    Floats,
    GroupNorm,
    Layer,
    LayerNorm,
    Residual,
    Weights,
    expand,
    initial_weights,
)
from advisor.backend import Batches, Inputs, Job, Precision
from advisor.recipe import ActivationKind, Data, Mlp, Recipe, Task, Train, Transformer
from advisor.testing.families import (
    ACTIVATIONS,
    FAMILIES,
    IMAGE,
    TEXT,
    VARIED,
    VECTOR,
    VOCABULARY,
)

CLASSES = 3
"""classes and labels of small jobs"""
EXACT, CLOSE = 1e-12, 1e-9
"""relative, float64: the same program in two portions; two programs for the same thing"""
SHAPES = {"mlp": VECTOR, "cnn": IMAGE, "resnet": IMAGE, "rnn": TEXT, "transformer": TEXT}
TINY = Transformer(units=8, heads=2, layers=1, feedforward=12)
SMALL: Mapping[str, Mapping[str, Any]] = {
    "cnn": {"model.channels": (3, 4)},
    "resnet": {"model.channels": (3, 4)},
    "rnn": {"model.units": 5, "model.embedding": 4},
    "transformer": {f"model.{n}": getattr(TINY, n) for n in sorted(TINY.model_fields_set)},
}


def small_recipe(changes: Mapping[str, Any] | None = None, task: Task = "classification") -> Recipe:
    """A recipe that trains in milliseconds, with these fields changed: `{"optimizer.lr": 0.1}`."""
    words = task == "language_model"
    recipe = Recipe(
        task=task,
        data=Data(source="text:small.txt" if words else "sklearn:digits"),
        model=TINY if words else Mlp(hidden=(8,)),
        train=Train(batch_size=16),
    )
    changes = dict(changes or {})
    return recipe.changed({**SMALL.get(changes.get("model.kind", ""), {}), **changes})


def small_job(
    changes: Mapping[str, Any] | None = None,
    task: Task = "classification",
    *,
    examples: int = 96,
    precision: Precision = "float64",
    device: str = "cpu",
    shape: tuple[int, ...] | None = None,
    vocabulary: int | None = None,
    target_weights: tuple[float, ...] | None = None,
) -> Job:
    """`small_recipe` on `small_data`: vectors (6,) for an mlp, images (7, 6, 2) for a cnn or
    resnet, and 6 tokens for an rnn or transformer; of another shape where it is given."""
    recipe = small_recipe(changes, task)
    if vocabulary is None:
        sequences = recipe.model.kind in ("rnn", "transformer") and shape is None
        vocabulary = VOCABULARY if sequences else 0
    shape = SHAPES[recipe.model.kind] if shape is None else shape
    outputs = {"language_model": vocabulary, "classification": CLASSES, "multilabel": CLASSES}
    layers = expand(recipe, shape, outputs.get(task, 1), vocabulary)
    weights = initial_weights(layers, recipe.initialization, recipe.train.seed)
    inputs, targets = small_data(task, shape, examples, vocabulary=vocabulary)
    factors = None if target_weights is None else np.array(target_weights)
    return Job(
        recipe,
        layers,
        weights,
        inputs,
        targets,
        device,
        precision,
        outputs.get(task, 1),
        factors,
    )


def family_job(
    name: str,
    changes: Mapping[str, Any] | None = None,
    precision: Precision = "float64",
    device: str = "cpu",
) -> Job:
    """A job of one of FAMILIES with penalties, noise on all weights, and one activation and
    normalisation after the other where the family has a choice."""
    family = FAMILIES[name]
    penalties = {"regularization.l2": 0.1, "regularization.l1": 0.05}
    job = small_job(
        {**family.changes, **penalties, **(changes or {})},
        family.task,
        examples=48,
        precision=precision,
        device=device,
        shape=family.shape,
        vocabulary=family.vocabulary,
    )
    if job.recipe.model.kind in VARIED:
        job = dataclasses.replace(job, layers=varied(job.layers, 3 * list(FAMILIES).index(name)))
        how = job.recipe.initialization
        job = dataclasses.replace(job, weights=initial_weights(job.layers, how, 0))
    return dataclasses.replace(job, weights=scattered(job.weights))


def varied(layers: tuple[Layer, ...], first: int = 0) -> tuple[Layer, ...]:
    """The same layers with all activations and kinds of normalisation in turn."""
    kinds = itertools.cycle((*ACTIVATIONS[first % 8 :], *ACTIVATIONS[: first % 8]))
    return tuple(_varied(layers, kinds, itertools.count()))


def _varied(
    layers: tuple[Layer, ...], kinds: Iterator[ActivationKind], numbers: Iterator[int]
) -> Iterator[Layer]:
    for layer in layers:
        match layer:
            case Activation(name=name):
                yield Activation(name, next(kinds))
            case LayerNorm(name=name, features=features):
                pair = 2 if features % 2 == 0 else 1
                norms = (BatchNorm(name, features), layer, GroupNorm(name, features, pair))
                yield norms[next(numbers) % 3]
            case Residual(body=body):
                yield dataclasses.replace(layer, body=tuple(_varied(body, kinds, numbers)))
            case _:
                yield layer


def small_data(
    task: Task, shape: tuple[int, ...], examples: int = 96, seed: int = 0, vocabulary: int = 0
) -> tuple[Inputs, NDArray[Any]]:
    """Learnable inputs (examples, *shape), float32 or tokens, and targets as `Job` wants them."""
    random = np.random.Generator(np.random.Philox(key=[seed, examples]))
    if task == "language_model":
        return _sentences(random, examples, shape[0], vocabulary)
    inputs = random.standard_normal((examples, *shape))
    flat = inputs.reshape(examples, -1)
    if task == "regression":
        values = flat @ random.standard_normal(math.prod(shape))
        values += 0.1 * random.standard_normal(examples)
        return float32(inputs), float32((values - values.mean()) / values.std())
    if task == "multilabel":
        return float32(inputs), float32(flat @ random.standard_normal((flat.shape[1], CLASSES)) > 0)
    classes = np.arange(examples) % (2 if task == "binary" else CLASSES)
    targets = float32(classes) if task == "binary" else classes
    if vocabulary:
        return _tokens(random, classes, shape[0], vocabulary), targets
    inputs += 1.5 * random.standard_normal((CLASSES, *shape))[classes]
    return float32(inputs), targets


def _tokens(
    random: np.random.Generator, classes: NDArray[Any], time: int, vocabulary: int
) -> Inputs:
    """Texts of 1 to `time` tokens, in which that of the class is frequent; one has none."""
    tokens = random.integers(1, vocabulary, (len(classes), time))
    tokens = np.where(random.random(tokens.shape) < 0.5, classes[:, None] + 1, tokens)
    ends = random.integers(1, time + 1, (len(classes), 1))
    ends[5] = 0
    return np.where(np.arange(time) < ends, tokens, PADDING).astype(np.int32)


def _sentences(
    random: np.random.Generator, examples: int, time: int, vocabulary: int
) -> tuple[Inputs, NDArray[Any]]:
    """A token is mostly followed by the next one; some texts end early."""
    steps = np.where(random.random((examples, time + 1)) < 0.8, 1, 2)
    text = (np.cumsum(steps, axis=1) + np.arange(examples)[:, None]) % (vocabulary - 1) + 1
    ends = np.where(np.arange(examples) % 4 == 1, time - 1, time + 1)
    text = np.where(np.arange(time + 1) < ends[:, None], text, PADDING)
    return text[:, :-1].astype(np.int32), text[:, 1:]


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
