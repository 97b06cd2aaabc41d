"""`noise_scale`: the simple gradient noise scale (McCandlish et al. 2018, arXiv 1812.06162).

B_simple = tr(S) / |G|^2: the variance of one example's gradient over the square of the gradient of
all training examples. A batch far below it makes steps of mostly noise; far above it, larger
batches hardly make better steps. It is measured after a short training, as it grows while the loss
falls, and from gradients outside of training, so nothing of the steps is touched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor import data
from advisor.architecture import Floats, Weights
from advisor.backend import Backend, Integers, Training
from advisor.events import ProbeFinished
from advisor.probe_facts import NOISE_SCALE
from advisor.probes.plain import quiet, training_steps
from advisor.probes.ratio import Ratio, ratio_of_means
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare

GROUPS, IN_GROUP = 8, 16
"""Independent pairs of a large batch and the small batches that it is made of: 128 gradients."""
LARGEST, SMALLEST = 16, 2
"""Examples of a small batch; a group must not be more than a quarter of the training set."""
TRAINED_SHARE, MOST_TRAINED = 0.1, 200
"""Of the training, and in steps: what is trained before anything is measured."""
NAMES = tuple(name for name, *_ in NOISE_SCALE)


@dataclass(frozen=True)
class Norms:
    """Squared norms of gradients: of small batches (the mean of each group), and of the groups."""

    small: Floats
    large: Floats
    size: int
    """examples of a small batch"""

    def scale(self, train_examples: int) -> Ratio:
        """B_simple, in examples, of a training set of this size.

        A batch drawn without replacement has E|g|^2 = |G|^2 + tr(S) (1/size - 1/n), so two sizes
        give both tr(S) and |G|^2, without bias.
        """
        whole = self.size * IN_GROUP
        trace = (self.small - self.large) / (1 / self.size - 1 / whole)
        square = self.large - trace * (1 / whole - 1 / train_examples)
        return ratio_of_means(trace, square)


def noise_scale(
    recipe: Recipe, dataset: data.Dataset, backend: Backend, device: str = "auto"
) -> ProbeFinished:
    """Train for a tenth of the steps, then compare gradients of small and of large batches.

    Facts: `noise_scale`, and `noise_scale_low` and `noise_scale_high`, its 95 % interval; None
    for what the figures leave open.
    """
    began = time.perf_counter()
    n = len(dataset.train.targets)
    steps, size = trained_steps(recipe, n), small_batch(n)
    calm = quiet(recipe).changed({"regularization.l1": 0.0, "regularization.l2": 0.0})
    found, message = Ratio(None, None, None), "too few training examples"
    if size:
        training = backend.start(prepare(calm, dataset, device))
        _train(training, calm, dataset, steps)
        norms = _norms(training, dataset, size, recipe.train.seed)
        found, message = judged(norms, n, steps)
    return ProbeFinished(
        "noise_scale",
        dict(zip(NAMES, (found.value, found.low, found.high), strict=True)),
        noise_epochs(recipe, n),
        steps if size else 0,
        time.perf_counter() - began,
        message=message,
    )


def judged(norms: Norms, train_examples: int, steps: int) -> tuple[Ratio, str]:
    """The scale and what has to be said of it."""
    if not (np.isfinite(norms.small).all() and np.isfinite(norms.large).all()):
        return Ratio(None, None, None), f"gradients are not finite after {steps} steps"
    found = norms.scale(train_examples)
    if found.value is None:
        return found, "the gradient of the training set is lost in the noise"
    return found, f"after {steps} steps; it grows while the loss falls"


def trained_steps(recipe: Recipe, train_examples: int) -> int:
    """What is trained before the measurement."""
    steps = round(TRAINED_SHARE * training_steps(recipe, train_examples))
    return min(max(1, steps), MOST_TRAINED)


def small_batch(train_examples: int) -> int:
    """Examples of a small batch; 0 where the training set is too small for a measurement."""
    size = min(LARGEST, train_examples // (4 * IN_GROUP))
    return size if size >= SMALLEST else 0


def noise_epochs(recipe: Recipe, train_examples: int) -> float:
    """What the measurement costs."""
    size, trained = small_batch(train_examples), trained_steps(recipe, train_examples)
    examples = trained * recipe.train.batch_size + GROUPS * IN_GROUP * size
    return examples / train_examples if size else 0.0


def _train(training: Training, recipe: Recipe, dataset: data.Dataset, steps: int) -> None:
    with StepMaker(recipe, dataset, list(training.weights())) as maker:
        for batches in maker.stretches(0, steps):
            training.run(batches)


def _norms(training: Training, dataset: data.Dataset, size: int, seed: int) -> Norms:
    found = [
        _norms_of_group(training, dataset, rows)
        for rows in _groups(len(dataset.train.targets), size, seed)
    ]
    small, large = np.array(found).T
    return Norms(small, large, size)


def _norms_of_group(
    training: Training, dataset: data.Dataset, rows: Integers
) -> tuple[float, float]:
    """Mean squared norm over the rows (IN_GROUP, size), and that of their mean gradient."""
    train, total, squares = dataset.train, dict[str, Floats](), 0.0
    for batch in rows:
        _, gradient = training.gradients(train.inputs[batch], train.targets[batch])
        squares += _square(gradient)
        for name, array in gradient.items():
            total[name] = total[name] + array if name in total else array.astype(np.float64)
    return squares / len(rows), _square(total) / len(rows) ** 2


def _square(gradient: Weights) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradient.values())


def _groups(n: int, size: int, seed: int) -> Iterator[Integers]:
    """GROUPS times (IN_GROUP, size) rows; no example comes twice within a group, and none again
    before the training set is used up."""
    random = np.random.Generator(np.random.Philox(key=[seed, n]))
    order, whole = np.empty(0, np.int64), size * IN_GROUP
    for _ in range(GROUPS):
        if len(order) < whole:
            order = random.permutation(n)
        yield order[:whole].reshape(IN_GROUP, size)
        order = order[whole:]
