"""What a linear model makes of the data: ridge regression in closed form on a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor import metrics
from advisor.architecture import Floats
from advisor.data.values import Array, Dataset, Split
from advisor.preflight.part import Part
from advisor.recipe import Recipe
from advisor.training.evaluation import fixed_sample

MOST_EXAMPLES, MOST_FEATURES = 2000, 1024
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Ridge penalties tried, times the number of examples; generalised cross-validation chooses."""
FEWEST = 10
PROJECTION_STREAM = 4 << 40


def check_linear(recipe: Recipe, dataset: Dataset) -> Part:
    """Validation metric, and for regression the loss, of a linear model of the inputs.

    Classes are fitted as 0 and 1 (one column each), labels as -1 and 1. Tokens are counted.
    """
    if recipe.task == "language_model":
        return Part(notes=("a linear probe says nothing of a language model",))
    n = len(dataset.train.targets)
    if n < FEWEST:
        return Part(notes=(f"a linear probe needs {FEWEST} training examples",))
    train, validation = _taken(dataset.train), _taken(dataset.validation)
    features = Features.of(dataset, train.inputs)
    wanted = _wanted(dataset, train.targets)
    try:
        model = ridge(features(train.inputs), wanted)
    except np.linalg.LinAlgError:
        return Part(notes=("the linear probe could not be solved",))
    outputs = model(features(validation.inputs))
    metric = metrics.score(
        recipe.task, recipe.metric, outputs, validation.targets, dataset.target_std
    )
    loss: float | None = None
    if recipe.task == "regression":
        loss = float(np.mean(metrics.example_losses(recipe, outputs, validation.targets)))
    return Part({"linear_metric": float(metric), "linear_loss": loss}, _notes(dataset))


def _notes(dataset: Dataset) -> tuple[str, ...]:
    sizes = (len(dataset.train.targets), len(dataset.validation.targets))
    if max(sizes) <= MOST_EXAMPLES:
        return ()
    return (f"the linear probe saw at most {MOST_EXAMPLES} examples of each split",)


def _taken(split: Split) -> Split:
    n = len(split.targets)
    rows = fixed_sample(n, min(n, MOST_EXAMPLES))
    return Split(split.inputs[rows], split.targets[rows])


def _wanted(dataset: Dataset, targets: Array) -> Floats:
    """(n, outputs) what the linear model is to give."""
    match dataset.task:
        case "classification":
            return np.asarray(targets[:, np.newaxis] == np.arange(dataset.outputs), np.float64)
        case "binary" | "multilabel":
            return 2.0 * targets.reshape(len(targets), -1) - 1.0
        case _:
            return np.asarray(targets.reshape(len(targets), -1), np.float64)


@dataclass(frozen=True)
class Features:
    """Inputs as at most MOST_FEATURES numbers of mean 0 and deviation 1."""

    vocabulary: int
    mean: Floats
    std: Floats

    @classmethod
    def of(cls, dataset: Dataset, inputs: Array) -> Features:
        """Scaled by these inputs."""
        raw = _raw(inputs, dataset.vocabulary)
        std = raw.std(axis=0)
        return cls(dataset.vocabulary, raw.mean(axis=0), np.where(std > 1e-9, std, np.inf))

    def __call__(self, inputs: Array) -> Floats:
        return np.asarray((_raw(inputs, self.vocabulary) - self.mean) / self.std)


def _raw(inputs: Array, vocabulary: int) -> Floats:
    """(n, features) float64: counts of tokens, or the inputs, summed with random signs in fixed
    random groups where there are too many."""
    if vocabulary:
        return _counts(inputs, vocabulary)
    flat = inputs.reshape(len(inputs), -1)
    if flat.shape[1] <= MOST_FEATURES:
        return np.asarray(flat, np.float64)
    order, starts, signs = _groups(flat.shape[1])
    found = np.empty((len(flat), len(starts)))
    for row, values in enumerate(flat):  # one by one: a copy of all would double the memory
        found[row] = np.add.reduceat(values[order] * signs, starts)
    return found


def _counts(tokens: Array, vocabulary: int) -> Floats:
    order, starts, _ = _groups(vocabulary)
    place = np.empty(vocabulary, dtype=np.int64)
    place[order] = np.searchsorted(starts, np.arange(vocabulary), side="right") - 1
    found = np.zeros((len(tokens), len(starts)))
    rows = np.repeat(np.arange(len(tokens)), tokens.shape[1])
    flat = tokens.reshape(-1)
    there = flat > 0  # 0 is padding
    np.add.at(found, (rows[there], place[flat[there]]), 1.0)
    return np.log1p(found)


def _groups(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Features in random order, where each group of them begins, and their signs."""
    random = np.random.Generator(np.random.Philox(key=np.array([size, PROJECTION_STREAM], "u8")))
    order, signs = random.permutation(size), random.choice([-1.0, 1.0], size)
    starts = np.linspace(0, size, min(size, MOST_FEATURES), endpoint=False).astype(np.int64)
    return order, starts, signs


@dataclass(frozen=True)
class Linear:
    """Outputs as `mean + features @ weights`."""

    mean: Floats
    weights: Floats

    def __call__(self, features: Floats) -> Floats:
        """(n, outputs)"""
        return np.asarray(self.mean + features @ self.weights)


def ridge(features: Floats, wanted: Floats) -> Linear:
    """Least squares with the penalty that generalised cross-validation likes best (Golub, Heath
    and Wahba 1979). `features` (n, f) have mean 0. Raises LinAlgError."""
    n, mean = len(features), wanted.mean(axis=0)
    wide = features.shape[1] > n
    gram = features @ features.T if wide else features.T @ features
    sizes, vectors = np.linalg.eigh(gram)
    sizes = np.maximum(sizes, 0.0)
    left = wanted - mean
    turned = vectors.T @ (left if wide else features.T @ left)
    squares = (turned**2).sum(axis=1)
    total = float((left**2).sum())

    def mistake(penalty: float) -> float:
        kept = sizes / (sizes + penalty)
        if wide:
            rest = float((squares * (1 - kept) ** 2).sum())
        else:
            rest = total - float((squares * (sizes + 2 * penalty) / (sizes + penalty) ** 2).sum())
        return rest / (n - 1 - float(kept.sum())) ** 2 if kept.sum() < n - 1 else np.inf

    penalty = min((strength * n for strength in STRENGTHS), key=mistake)
    solved = vectors @ (turned / (sizes + penalty)[:, np.newaxis])
    return Linear(mean, features.T @ solved if wide else solved)
