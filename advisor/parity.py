"""What one backend computes for the comparison of two: same weights, batches and rates.

Runs in the worker of each backend; `advisor.compare` holds the results against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor import data
from advisor.architecture import Floats
from advisor.backend import Backend, Batches, Inputs, Job, Precision
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare, step_flops

FORWARD_EXAMPLES = 64
DROPS = (
    "dropout",
    "feature_dropout",
    "embedding_dropout",
    "attention_dropout",
    "stochastic_depth",
)
"""The fields of `regularization` that draw masks."""
LEAST_EPS = 1e-9
"""Below, an optimiser divides gradients of the size of rounding errors by next to nothing."""


def without_dropout(recipe: Recipe) -> Recipe:
    """Masks of two frameworks can never agree, so dropout is off when programs are compared."""
    return recipe.changed({f"regularization.{name}": 0.0 for name in DROPS})


def lasting(recipe: Recipe, steps: int, steps_per_epoch: int) -> Recipe:
    """The recipe with as many epochs as `steps` fill, so that they take it from the first rate to
    the last, through hand-over, thawing and averaging; as it is where an epoch has more steps."""
    if steps < steps_per_epoch:
        return recipe
    return recipe.changed({"train.epochs": -(-steps // steps_per_epoch)})


def amplifies_rounding(recipe: Recipe) -> bool:
    """Whether biases walk at random: before batch normalisation their gradient is 0 but for
    rounding, and optimisers that scale every gradient to the same size follow that. Training does
    not notice, but running means lag behind such biases, and evaluation does."""
    eps = 0.0 if recipe.optimizer.kind == "lion" else getattr(recipe.optimizer, "eps", 1.0)
    return getattr(recipe.model, "normalization", None) == "batch" and eps < LEAST_EPS


def measure(
    recipe: Recipe,
    dataset: data.Dataset,
    backend: Backend,
    precision: Precision,
    steps: int,
    device: str = "auto",
) -> dict[str, Floats]:
    """Outputs on some validation examples, gradients of the first batch, then the losses of `steps`
    steps, and the same outputs after them.

    Arrays (float64): `forward` (examples, ..., outputs) and the same `trained`, unless
    `amplifies_rounding`; `gradient.NAME`, `loss` (1,) of the first batch, `losses` (steps,).
    """
    per_epoch = data.steps_per_epoch(len(dataset.train.targets), recipe.train.batch_size)
    recipe = lasting(without_dropout(recipe), steps, per_epoch)
    job = prepare(recipe, dataset, device, precision)
    training = backend.start(job)
    with StepMaker(recipe, dataset, list(job.weights)) as maker:
        inputs, targets = _first_batch(job, maker.batches(0, 1))
        seen = dataset.validation.inputs[:FORWARD_EXAMPLES]
        found = {"forward": training.predict(seen)}
        loss, gradients = training.gradients(inputs, targets)
        found |= {f"gradient.{name}": gradient for name, gradient in gradients.items()}
        losses = [training.run(batches).loss for batches in _all_steps(maker, job, steps)]
    found |= {"loss": np.array([loss]), "losses": np.concatenate(losses)}
    if not amplifies_rounding(recipe):
        found["trained"] = training.predict(seen)
    return {name: np.asarray(array, dtype=np.float64) for name, array in found.items()}


def _first_batch(job: Job, batches: Batches) -> tuple[Inputs, NDArray[Any]]:
    """Inputs as the first step has them, and the first of their targets."""
    rows = batches.rows[0]
    inputs = job.inputs[rows] if batches.inputs is None else batches.inputs[0]
    return inputs, job.targets[rows]


def _all_steps(maker: StepMaker, job: Job, steps: int) -> Iterator[Batches]:
    """In portions as training has them, each within an epoch and on one side of the hand-over."""
    most, step = max(maker.sizes(step_flops(job))), 0
    while step < steps:
        left = maker.steps_per_epoch - step % maker.steps_per_epoch
        size = maker.cut(step, min(most, left, steps - step))
        yield maker.batches(step, size)
        step += size
