"""What the untrained model does with examples: its outputs against what the loss expects, whether
each is the answer to its own input, and how the signal passes through the layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor import metrics
from advisor.architecture import Floats
from advisor.backend import Inputs, Training
from advisor.data.values import Array, Dataset
from advisor.preflight.part import Part, Value
from advisor.recipe import Recipe
from advisor.training.evaluation import fixed_sample

TOGETHER = 32
"""Examples in one prediction; a few predictions of one size compile once."""
JUDGED = 128
"""Examples on which the untrained loss is measured (TheDeepChecker's sample)."""
LEAST_SPREAD = 1e-3
"""Changes are measured against the deviation of the outputs, but for outputs that hardly differ
against this share of their size, so that rounding is no change."""
MOST_RATIO = 1e9


def check_outputs(recipe: Recipe, dataset: Dataset, training: Training) -> Part:
    """Shape, untrained loss, and whether outputs are those of their own input alone."""
    n = len(dataset.train.targets)
    rows = fixed_sample(n, min(n, JUDGED))
    inputs, targets = dataset.train.inputs[rows], dataset.train.targets[rows]
    outputs = predicted(training, inputs)
    if not fits(recipe, dataset, outputs, len(inputs)):
        return Part({"output_shape_fits": False})
    facts: dict[str, Value] = {"output_shape_fits": True}
    facts["outputs_finite"] = bool(np.isfinite(outputs).all())
    if not facts["outputs_finite"]:
        return Part(facts, ("outputs of the untrained model are not finite",))
    facts |= untrained_loss(recipe, dataset, outputs, targets)
    facts["output_spread"] = spread(outputs)
    together = _independence(recipe, dataset, training, inputs, outputs)
    return Part({**facts, **together.facts}, together.notes)


def predicted(training: Training, inputs: Inputs) -> Floats:
    """Raw outputs, made for TOGETHER examples at a time."""
    parts = [
        training.predict(inputs[start : start + TOGETHER])
        for start in range(0, len(inputs), TOGETHER)
    ]
    return np.concatenate(parts)


def fits(recipe: Recipe, dataset: Dataset, outputs: Floats, examples: int) -> bool:
    """Whether there are as many outputs as the task has, for each example or token."""
    time = dataset.train.targets.shape[1:] if recipe.task == "language_model" else ()
    return outputs.shape == (examples, *time, dataset.outputs)


def untrained_loss(
    recipe: Recipe, dataset: Dataset, outputs: Floats, targets: Array
) -> dict[str, Value]:
    """The loss as a multiple of those of the prior and of even odds (outputs of 0)."""
    prior = metrics.chance_outputs(
        recipe.task, dataset.train.targets, dataset.outputs, len(targets)
    )
    found, chance, even = (
        float(np.mean(metrics.example_losses(recipe, each, targets)))
        for each in (outputs, prior, np.zeros_like(outputs))
    )
    return {
        "untrained_over_prior": found / chance if chance > 0 else None,
        "untrained_over_even_odds": found / even if even > 0 else None,
    }


def spread(outputs: Floats) -> float:
    """Deviation over the examples of the output that varies most / the largest output."""
    size = float(np.abs(outputs).max())
    deviation = float(outputs.std(axis=0, dtype=np.float64).max())
    return deviation / size if size > 0 else 0.0


def changed_by(before: Floats, after: Floats) -> float:
    """The largest change of an output, against how much outputs differ between examples."""
    deviation = float(before.std(axis=0, dtype=np.float64).max())
    scale = max(deviation, LEAST_SPREAD * float(np.abs(before).max()), 1e-30)
    return float(np.abs(before - after).max()) / scale


def _independence(
    recipe: Recipe, dataset: Dataset, training: Training, inputs: Inputs, outputs: Floats
) -> Part:
    """Predict again, in another order, and in other company."""
    first = inputs[:TOGETHER]
    before, half = outputs[: len(first)], len(first) // 2
    facts: dict[str, Value] = {}
    turned = np.ascontiguousarray(first[::-1])
    again, back = training.predict(first), training.predict(turned)[::-1]
    facts["repeat_change"] = max(changed_by(before, again), changed_by(before, back))
    facts["random_change"] = changed_by(before, again)
    if recipe.task == "language_model":
        facts["future_change"] = _future_change(training, first, before)
    others = _others(dataset, len(first) - half)
    if not half or len(others) < len(first) - half:
        return Part(facts, ("too few examples to see whether those of a batch mix",))
    company = training.predict(np.concatenate([first[:half], others]))
    facts["company_change"] = changed_by(before[:half], company[:half])
    return Part(facts)


def _others(dataset: Dataset, count: int) -> Array:
    """Examples of validation."""
    found: Array = dataset.validation.inputs[:count]
    return found


def _future_change(training: Training, tokens: Array, before: Floats) -> float | None:
    """How outputs of the first half of a text change with its second half."""
    half = tokens.shape[1] // 2
    if not half:
        return None
    other = tokens.copy()
    other[:, half:] = np.roll(tokens, 1, axis=0)[:, half:]
    return changed_by(before[:, :half], training.predict(other)[:, :half])


def check_signal(dataset: Dataset, training: Training) -> Part:
    """How much of the difference between examples each activation layer passes on."""
    n = len(dataset.train.targets)
    inputs = dataset.train.inputs[fixed_sample(n, min(n, TOGETHER))]
    found = training.activations(inputs)
    if len(found) < 2:
        return Part(notes=("the signal is followed through two activation layers at least",))
    return Part({"signal_ratio": ratio([signal(values) for values in found.values()])})


def signal(values: Floats) -> float:
    """Deviation over the examples, root mean square over units; values are (n, ..., units)."""
    return float(np.sqrt(values.var(axis=0, dtype=np.float64).mean()))


def ratio(signals: Sequence[float]) -> float | None:
    """Largest / smallest; None where there is none or not a number."""
    if not np.isfinite(signals).all() or max(signals) <= 0:
        return None
    return min(max(signals) / max(min(signals), 1e-300), MOST_RATIO)
