"""Can the model learn one batch by heart? A few examples, again and again, with nothing that holds
the fit down, at the recipe's rate, ten times and a tenth of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from advisor import metrics
from advisor.architecture import Floats, Weights
from advisor.backend import Backend, Batches, Job, Training
from advisor.data.hashing import Rows
from advisor.data.values import Array, Dataset
from advisor.preflight.contract import spread
from advisor.preflight.cost import Price
from advisor.preflight.part import Part, Value
from advisor.preflight.seeding import seeded
from advisor.recipe import Recipe
from advisor.training import prepare
from advisor.training.evaluation import fixed_sample

SIZES = (16, 8, 4, 2)
"""Different examples in the batch: as many as the steps are enough for. Karpathy takes as few
as 2."""
WIDE, NARROW = 16, 4
"""Fewer are repeated up to so many, so that a backend that compiles does so once; the second for
trainings whose own batches are smaller than the first."""
STEPS_EACH = 10
"""Steps an example that the batch should have, or it is made smaller."""
PIECE = 4
"""Steps between two looks at the outputs."""
WITH_LOOK = 1 + 1 / (3 * PIECE)
"""What a step and its share of a look cost, in steps."""
FACTORS = (1.0, 10.0, 0.1)
"""Times the recipe's rate."""
WRONG, HALF, LEFT = 0.05, 0.5, 0.01
"""Fitted: at most this share of the answers is wrong (TheDeepChecker) and half of the loss of
ignoring the input is gone, so that it is no accident; or, in training mode, all but this share."""
ENOUGH = 40
"""Steps at each rate before a batch can be said not to be fitted."""
FALLING = 0.98
"""A loss whose second half gets below this share of its first half's low is still falling."""
MOVED = 0.1
"""... and the weights must have moved this share of their norm at one rate, or not at all."""
SMALL_SAMPLE = 256
"""Training examples among which the batch is chosen."""

OFF: Mapping[str, Any] = {
    "regularization": {},
    "schedule": {"kind": "constant"},
    "train.accumulation": 1,
    "train.sampling": "shuffle",
    "train.early_stopping": None,
    "tune.locked": [],
}
OFF_WHERE_THERE = ("optimizer.handover", "loss.class_weights", "loss.positive_weight")


@dataclass
class Attempt:
    """What one rate made of the batch."""

    rate: float
    losses: list[float] = field(default_factory=list)
    moved: float = 0.0
    """sum over the steps of the largest update of a kernel / its norm, roughly"""
    fitted: bool = False

    @property
    def lowest(self) -> float:
        """The lowest loss that was finite; infinity where none was."""
        return min(filter(np.isfinite, self.losses), default=np.inf)

    @property
    def falling(self) -> bool:
        """Whether more steps would surely have helped."""
        finite = np.array(self.losses)
        if len(finite) < 4 or not np.isfinite(finite).all():
            return False
        half = len(finite) // 2
        return bool(finite[half:].min() < FALLING * finite[:half].min())


class OneBatch:
    """A model with one batch to learn; keeps the count of what it costs."""

    def __init__(
        self, recipe: Recipe, dataset: Dataset, backend: Backend, device: str, size: int
    ) -> None:
        """`size` is how many different examples the batch should have."""
        self.width = width_of(recipe)
        self.recipe = alone(recipe)
        rows = chosen(dataset, min(size, self.width))
        self.size, self.steps = len(rows), 0
        job = prepare(self.recipe, dataset, device)
        self.job = of_rows(job, dataset, np.resize(rows, self.width))
        self.predicted = 0
        """examples whose outputs were looked at"""
        self.losses: list[float] = []
        """of all attempts, one after the other"""
        self._rows = np.tile(np.arange(self.width), (PIECE, 1))
        self._blind = blind_loss(self.recipe, self.job.targets, dataset.outputs)
        self.backend = backend
        self.training = self.start()
        self._first: Weights = self.training.state()

    def start(self) -> Training:
        with seeded(self.recipe.train.seed):
            return self.backend.start(self.job)

    def take(self, training: Training, rate: float, step: int) -> tuple[Floats, Floats, float]:
        """PIECE steps: losses, gradient norms, and how far the weights moved."""
        lr = np.full(PIECE, rate)
        with np.errstate(all="ignore"), seeded(self.recipe.train.seed + step):
            report = training.run(Batches(self._rows, lr, step=step))
        self.steps += PIECE
        ratios = [layer.update_ratio for layer in report.layers.values()]
        moved = PIECE * float(np.nan_to_num(ratios, nan=1.0, posinf=1.0).max(initial=0.0))
        return report.loss, report.grad_norm, moved

    def attempt(self, factor: float, steps: int) -> Attempt:
        """Start anew and take so many steps, or fewer when the batch is fitted before."""
        self.training.restore(self._first)
        made = Attempt(factor * self.recipe.optimizer.lr)
        for step in range(0, steps - PIECE + 1, PIECE):
            losses, _, moved = self.take(self.training, made.rate, step)
            made.losses += (losses / self._blind).tolist()
            self.losses += made.losses[-PIECE:]
            made.moved += moved
            made.fitted = made.losses[-1] < LEFT or (made.losses[-1] < HALF and self.right())
            if made.fitted or not np.isfinite(losses).all():
                break
        return made

    def right(self) -> bool:
        """Whether nearly all answers are right; regression: 1 % of the squares are left."""
        outputs, targets = self.outputs(), self.job.targets
        if self.recipe.task == "regression":
            left = np.mean((outputs[:, 0] - targets) ** 2) / max(float(np.var(targets)), 1e-12)
            return bool(left < LEFT)
        predicted = metrics.predicted_classes(self.recipe.task, outputs)
        return bool(np.mean(predicted != targets.reshape(predicted.shape)) <= WRONG)

    def repeatable(self) -> Part:
        """Whether a second start takes the same first steps, bit for bit, and how far its losses
        are from the first's."""
        rate = self.recipe.optimizer.lr
        one, norms, _ = self.take(self.training, rate, 0)
        del self.training  # two would not fit where memory is just enough for one
        self.training = self.start()
        other, other_norms, _ = self.take(self.training, rate, 0)
        same = np.array_equal(one, other, equal_nan=True)
        same = same and np.array_equal(norms, other_norms, equal_nan=True)
        with np.errstate(all="ignore"):
            apart = float(np.nanmax(np.abs(one - other) / np.maximum(np.abs(one), 1e-30)))
        return Part({"repeatable": bool(same), "repeat_difference": 0.0 if same else apart})

    def outputs(self) -> Floats:
        """For the batch, in evaluation mode, as the model is now."""
        self.predicted += self.width
        return self.training.predict(self.job.inputs)

    def outputs_spread(self) -> float | None:
        """None when they are not finite."""
        outputs = self.outputs()
        return spread(outputs) if np.isfinite(outputs).all() else None


def width_of(recipe: Recipe) -> int:
    """Examples of a step, repeated ones included."""
    return WIDE if recipe.train.batch_size >= WIDE else NARROW


def alone(recipe: Recipe) -> Recipe:
    """The recipe for one batch, with nothing that holds the fit down."""
    changes = dict(OFF) | {"train.batch_size": width_of(recipe)}
    sections = {"optimizer": recipe.optimizer, "loss": recipe.loss}
    for path in OFF_WHERE_THERE:
        section, _, name = path.partition(".")
        if hasattr(sections[section], name):
            changes[path] = None
    return recipe.changed(changes)


def of_rows(job: Job, dataset: Dataset, rows: Array) -> Job:
    """The job with these training examples only."""
    inputs = np.ascontiguousarray(dataset.train.inputs[rows])
    inputs.flags.writeable = False  # so that a backend may keep them on its device
    return replace(job, inputs=inputs, targets=dataset.train.targets[rows])


def chosen(dataset: Dataset, size: int) -> Array:
    """Rows with different inputs, of as many classes as may be, each as often as may be."""
    n = len(dataset.train.targets)
    sample = fixed_sample(n, min(n, SMALL_SAMPLE))
    _, first = np.unique(Rows(dataset.train.inputs[sample]).kinds, return_index=True)
    rows = sample[np.sort(first)]
    if dataset.task == "regression":
        order = np.argsort(dataset.train.targets[rows], kind="stable")
        spaced = np.linspace(0, len(rows) - 1, min(size, len(rows))).astype(np.int64)
        return np.asarray(rows[order[spaced]])
    labels = Rows(dataset.train.targets[rows]).kinds
    turn = np.tril(labels[:, np.newaxis] == labels, -1).sum(axis=1)  # how many of its class before
    return np.asarray(rows[np.argsort(turn, kind="stable")[:size]])


def blind_loss(recipe: Recipe, targets: Array, outputs: int) -> float:
    """The loss of this batch for the best prediction that ignores the input."""
    chance = metrics.chance_outputs(recipe.task, targets, outputs, len(targets))
    if recipe.task == "regression":
        chance = np.full((len(targets), 1), np.mean(targets))
    return max(float(np.mean(metrics.example_losses(recipe, chance, targets))), 1e-12)


def size_for(recipe: Recipe, price: Price, share: float) -> tuple[int, int]:
    """Examples of the batch, and the steps that this share of a training pays for."""
    width = width_of(recipe)
    steps = int(price.steps_for(share, width) / WITH_LOOK)
    enough = (size for size in SIZES if size <= width and steps >= STEPS_EACH * size)
    return next(enough, SIZES[-1]), steps


def learn(batch: OneBatch, steps: int) -> Part:
    """Try the rates until one fits the batch; the first gets 40 % of the steps."""
    made: list[Attempt] = []
    for factor, share in zip(FACTORS, (0.4, 0.5, 1.0), strict=True):
        each = int(share * steps)
        if each < 2 * PIECE:
            break
        before = batch.steps
        made.append(batch.attempt(factor, each))
        steps -= batch.steps - before
        if made[-1].fitted:
            break
    return verdict(batch, made)


def verdict(batch: OneBatch, made: list[Attempt]) -> Part:
    """Fitted, surely not, or nothing to be said."""
    if not made:
        return Part(notes=("too few steps are paid for to fit one batch",))
    last = made[-1]
    best = min(made, key=lambda attempt: attempt.lowest)
    facts: dict[str, Value] = {
        "one_batch_examples": batch.size,
        "one_batch_steps": sum(len(attempt.losses) for attempt in made),
        "one_batch_loss": best.lowest if np.isfinite(best.lowest) else None,
    }
    if last.fitted:
        return Part(facts | {"one_batch_fitted": True, "one_batch_lr": last.rate})
    reason = undecided(made)
    if reason:
        return Part(facts, (f"one batch was not fitted, but {reason}",))
    return Part(facts | {"one_batch_fitted": False, "one_batch_lr": best.rate})


def undecided(made: list[Attempt]) -> str:
    """Why not fitting the batch says nothing; empty when it does."""
    tried = [a for a in made if len(a.losses) >= ENOUGH or not np.isfinite(a.losses).all()]
    if len(tried) < len(FACTORS):
        return f"{ENOUGH} steps at each of {len(FACTORS)} rates are needed to say that it cannot be"
    if any(attempt.falling for attempt in made):
        return "its loss was still falling"
    if 0 < max(attempt.moved for attempt in made) < MOVED:
        return "the weights had hardly moved"
    return ""
