"""What shape the outputs of a model of the user's own are forced into: raw, or through a softmax,
a sigmoid and the like. Told from its outputs under weights of other signs and sizes."""

from __future__ import annotations

from typing import Literal

import numpy as np

from advisor.architecture import Floats, Weights
from advisor.backend import Inputs, Training
from advisor.data.values import Array, Dataset
from advisor.preflight.part import Part
from advisor.recipe import Recipe
from advisor.training.evaluation import fixed_sample

Form = Literal[
    "raw",
    "probabilities",
    "probabilities_over_batch",
    "log_probabilities",
    "zero_to_one",
    "minus_one_to_one",
    "never_negative",
    "never_positive",
]
RANGES: dict[str, tuple[float, float]] = {
    "probabilities": (0.0, 1.0),
    "probabilities_over_batch": (0.0, 1.0),
    "zero_to_one": (0.0, 1.0),
    "minus_one_to_one": (-1.0, 1.0),
    "never_negative": (0.0, np.inf),
    "never_positive": (-np.inf, 0.0),
    "log_probabilities": (-np.inf, 0.0),
}
"""What outputs of each form can be."""
DRAWS, EXAMPLES, SIZE = 6, 32, 10.0
"""Sets of weights, each array of which has the sign of a coin and, but for the first, SIZE times
its size; the chance that linear outputs keep one sign through all is below 2 %, and that they
stay within 1 far smaller."""
SUM_ERROR, EDGE = 1e-4, 1e-6


def check_form(recipe: Recipe, dataset: Dataset, training: Training) -> Part:
    """Leaves the training with its weights as they were."""
    if recipe.model.kind != "own":
        return Part({"output_form": "raw", "unreachable_share": 0.0})
    n = len(dataset.train.targets)
    inputs = dataset.train.inputs[fixed_sample(n, min(n, EXAMPLES))]
    draws = _draws(training, inputs)
    if not (_telling(draws) or _always_one(draws)):
        return Part(notes=("outputs hardly vary, so that their form cannot be told",))
    found = form_of(draws)
    return Part({"output_form": found, "unreachable_share": unreachable(dataset, found)})


def _draws(training: Training, inputs: Inputs) -> Floats:
    """(DRAWS, n, ..., outputs), those that are finite only."""
    kept = training.state()
    weights = training.weights()
    random, found = np.random.default_rng(0), [training.predict(inputs)]
    for _ in range(DRAWS - 1):
        training.load(drawn(weights, random))
        outputs = training.predict(inputs)
        if np.isfinite(outputs).all():
            found.append(outputs)
    training.restore(kept)
    return np.stack(found)


def drawn(weights: Weights, random: np.random.Generator) -> Weights:
    """Arrays with both signs, turned or not, and larger; what has one sign only, such as scales
    and variances, stays as it is."""
    return {
        name: array * SIZE * random.choice([-1.0, 1.0]) if _has_both_signs(array) else array
        for name, array in weights.items()
    }


def _has_both_signs(array: Array) -> bool:
    return array.dtype.kind == "f" and bool((array < 0).any() and (array > 0).any())


def _telling(draws: Floats) -> bool:
    """Whether enough draws are finite, and outputs differ between examples in one."""
    each = draws.std(axis=1, dtype=np.float64)
    return len(draws) > DRAWS // 2 and bool(each.max() > EDGE)


def _always_one(draws: Floats) -> bool:
    """As of a softmax over a single output."""
    return draws.shape[-1] == 1 and _ones(np.asarray(draws, np.float64))


def form_of(draws: Floats) -> Form:
    """The narrowest form that all outputs (draws, n, ..., outputs) have."""
    values, columns = np.asarray(draws, np.float64), draws.shape[-1]
    low, high = float(values.min()), float(values.max())
    if low >= -EDGE and _ones(values.sum(axis=-1)):
        return "probabilities"
    if low >= -EDGE and values.shape[1] > 1 and _ones(values.sum(axis=1)):
        return "probabilities_over_batch"
    if columns > 1 and high <= EDGE and _ones(np.exp(values).sum(axis=-1)):
        return "log_probabilities"
    bounds: tuple[tuple[Form, bool], ...] = (
        ("zero_to_one", low >= -EDGE and high <= 1 + EDGE),
        ("minus_one_to_one", low >= -1 - EDGE and high <= 1 + EDGE),
        ("never_negative", low >= 0),
        ("never_positive", high <= 0),
    )
    return next((form for form, holds in bounds if holds), "raw")


def _ones(sums: Floats) -> bool:
    return bool(np.abs(sums - 1).max() < SUM_ERROR)


def unreachable(dataset: Dataset, form: Form) -> float:
    """The share of the training targets of a regression that such outputs can never give."""
    if dataset.task != "regression" or form == "raw":
        return 0.0
    low, high = RANGES[form]
    targets = dataset.train.targets
    return float(np.mean((targets < low) | (targets > high)))
