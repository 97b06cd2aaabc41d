"""What one backend computes for the comparison of two: same weights, batches and rates.

Runs in the worker of each backend; `advisor.compare` holds the results against each other.
"""

from __future__ import annotations

import numpy as np

from advisor import data
from advisor.architecture import Floats
from advisor.backend import Backend, Batches, Precision
from advisor.recipe import Recipe
from advisor.schedule import learning_rates
from advisor.training import prepare

FORWARD_EXAMPLES = 64


def without_dropout(recipe: Recipe) -> Recipe:
    """Masks of two frameworks can never agree, so dropout is off when programs are compared."""
    return recipe.changed({"regularization.dropout": 0.0})


def measure(
    recipe: Recipe,
    dataset: data.Dataset,
    backend: Backend,
    precision: Precision,
    steps: int,
    device: str = "auto",
) -> dict[str, Floats]:
    """Outputs and gradients on a first batch, then the training loss of `steps` steps.

    Arrays (float64): `forward` (examples, outputs), `gradient.NAME`, `losses` (steps,).
    """
    job = prepare(without_dropout(recipe), dataset, device, precision)
    training = backend.start(job)
    n, size = len(dataset.train.targets), recipe.train.batch_size
    per_epoch = data.steps_per_epoch(n, size)
    seed = recipe.train.seed
    first = data.epoch_rows(n, size, seed, 0)[0]
    loss, gradients = training.gradients(job.inputs[first], job.targets[first])
    found = {"forward": training.predict(job.inputs[:FORWARD_EXAMPLES]), "loss": np.array([loss])}
    found |= {f"gradient.{name}": gradient for name, gradient in gradients.items()}
    total, losses = per_epoch * max(recipe.train.epochs, -(-steps // per_epoch)), []
    for start in range(0, steps, per_epoch):
        rows = data.epoch_rows(n, size, seed, start // per_epoch)[: steps - start]
        lr = learning_rates(recipe, start, start + len(rows), total)
        inputs = _augmented(recipe, dataset, rows, start)
        losses.append(training.run(Batches(rows, lr, inputs, start)).loss)
    found["losses"] = np.concatenate(losses)
    return {name: np.asarray(array, dtype=np.float64) for name, array in found.items()}


def _augmented(recipe: Recipe, dataset: data.Dataset, rows: np.ndarray, step: int) -> Floats | None:
    augmentation = recipe.regularization.augmentation
    if not (augmentation.flip or augmentation.crop):
        return None
    return data.augmented(dataset.train.inputs[rows], augmentation, recipe.train.seed, step)
