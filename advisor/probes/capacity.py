"""`capacity`: can the model learn a few hundred examples by heart?

Larger than the batch of `one_batch`, small enough to be fitted within a part of one training. A
model that cannot has too little capacity, or does not train at these rates; one that can may still
be too small for all examples. Nothing that holds the fit down is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from advisor import data, metrics
from advisor.architecture import Floats, Weights
from advisor.backend import Backend, Batches, Job, StepReport
from advisor.events import ProbeFinished
from advisor.preflight.one_batch import (
    FACTORS,
    HALF,
    LEFT,
    MOVED,
    WRONG,
    alone,
    blind_loss,
    chosen,
    of_rows,
)
from advisor.probe_facts import CAPACITY
from advisor.probes.plain import training_steps
from advisor.recipe import Recipe
from advisor.training import prepare

EXAMPLES = 256
FEWEST = 64
"""Different examples, or the training set says little that one batch does not."""
AFFORDABLE = 0.5
"""Of one training: what all rates together may cost."""
ENOUGH = 30
"""Passes over the sample at each rate before it can be said that it is not fitted."""
PASSES_A_LOOK = 2
WITH_LOOK = 1 + 1 / (3 * PASSES_A_LOOK)
"""What an example and its share of a look at the outputs cost, in examples trained."""
NAMES = tuple(name for name, *_ in CAPACITY)


@dataclass
class Attempt:
    """What one rate made of the sample; losses are shares of that of ignoring the input."""

    rate: float
    losses: list[float] = field(default_factory=list)
    """in evaluation mode, at each look"""
    passes: int = 0
    moved: float = 0.0
    """sum over the steps of the largest update of a kernel / its norm, roughly"""
    fitted: bool = False

    @property
    def broken(self) -> bool:
        return not np.isfinite(self.losses).all()

    @property
    def lowest(self) -> float:
        """Infinity where no loss was finite."""
        return min(filter(np.isfinite, self.losses), default=np.inf)

    @property
    def on_its_way(self) -> bool:
        """Whether the loss is, or after as many passes again would be, what fitting can begin at,
        if it went on to fall by the same factor."""
        half = len(self.losses) // 2
        if self.broken or not half:
            return False
        before, after = min(self.losses[:half]), min(self.losses[half:])
        return after * min(1.0, after / before) < HALF


def capacity(
    recipe: Recipe, dataset: data.Dataset, backend: Backend, device: str = "auto"
) -> ProbeFinished:
    """Train on a few hundred examples at the recipe's rate, ten times and a tenth of it.

    Facts: NAMES, in `advisor.facts`; `overfits_sample` is None where too few passes are paid for
    to say no, and where the loss was on its way.
    """
    began = time.perf_counter()
    n = len(dataset.train.targets)
    passes = paid_passes(recipe, n)
    sample = Sample(recipe, dataset, backend, device) if passes else None
    made = sample.learned(passes) if sample and sample.size >= FEWEST else []
    facts, message = verdict(made, sample.size if sample else 0)
    taken = sum(attempt.passes for attempt in made)
    size = sample.size if sample else 0
    return ProbeFinished(
        "capacity",
        facts,
        taken * size * WITH_LOOK / n,
        taken * (sample.steps if sample else 0),
        time.perf_counter() - began,
        {"sample_loss": [loss for attempt in made for loss in attempt.losses]},
        message,
    )


def paid_passes(recipe: Recipe, train_examples: int) -> int:
    """Passes over the sample, at all rates together, for AFFORDABLE of a training."""
    size = sample_size(train_examples)
    examples = training_steps(recipe, train_examples) * recipe.train.batch_size
    passes = int(AFFORDABLE * examples / (size * WITH_LOOK)) if size else 0
    return min(passes, len(FACTORS) * 4 * ENOUGH)


def sample_size(train_examples: int) -> int:
    """0 where there are too few training examples."""
    return min(EXAMPLES, train_examples) if train_examples >= FEWEST else 0


def capacity_epochs(recipe: Recipe, train_examples: int) -> float:
    """The most that the probe costs."""
    size = sample_size(train_examples)
    return paid_passes(recipe, train_examples) * size * WITH_LOOK / train_examples


class Sample:
    """A model with a few hundred examples to learn."""

    def __init__(
        self, recipe: Recipe, dataset: data.Dataset, backend: Backend, device: str
    ) -> None:
        rows = chosen(dataset, sample_size(len(dataset.train.targets)))
        self.size = len(rows)
        self.batch = min(recipe.train.batch_size, self.size)
        self.steps = self.size // self.batch
        """of one pass"""
        self.recipe = alone(recipe).changed({"train.batch_size": self.batch})
        self.job: Job = of_rows(prepare(self.recipe, dataset, device), dataset, rows)
        self.training = backend.start(self.job)
        self._first: Weights = self.training.state()
        self._blind = blind_loss(self.recipe, self.job.targets, dataset.outputs)
        self._random = np.random.default_rng(recipe.train.seed)

    def learned(self, passes: int) -> list[Attempt]:
        """Try the rates until one fits the sample; the first gets 40 % of the passes."""
        made: list[Attempt] = []
        for factor, share in zip(FACTORS, (0.4, 0.5, 1.0), strict=True):
            attempt = self._attempt(factor * self.recipe.optimizer.lr, int(share * passes))
            passes -= attempt.passes
            made.append(attempt)
            if attempt.fitted:
                break
        return made

    def _attempt(self, rate: float, passes: int) -> Attempt:
        self.training.restore(self._first)
        made = Attempt(rate)
        for batches in self._looks(rate, passes // PASSES_A_LOOK):
            with np.errstate(all="ignore"):
                made.moved += _moved(self.training.run(batches))
                outputs = self.training.predict(self.job.inputs)
                losses = metrics.example_losses(self.recipe, outputs, self.job.targets)
                made.losses.append(float(np.mean(losses)) / self._blind)
            made.passes += PASSES_A_LOOK
            made.fitted = not made.broken and self._right(outputs)
            if made.fitted or made.broken:
                break
        return made

    def _looks(self, rate: float, looks: int) -> Iterator[Batches]:
        """The steps between two looks at the outputs."""
        for look in range(looks):
            rows = [self._pass() for _ in range(PASSES_A_LOOK)]
            taken = np.concatenate(rows)
            yield Batches(taken, np.full(len(taken), rate), step=look * len(taken))

    def _pass(self) -> np.ndarray:
        order = self._random.permutation(self.size)
        return order[: self.steps * self.batch].reshape(self.steps, self.batch)

    def _right(self, outputs: Floats) -> bool:
        """Whether nearly all answers are right; regression: 1 % of the squares are left."""
        targets = self.job.targets
        if self.recipe.task == "regression":
            left = np.mean((outputs[:, 0] - targets) ** 2) / max(float(np.var(targets)), 1e-12)
            return bool(left < LEFT)
        predicted = metrics.predicted_classes(self.recipe.task, outputs)
        return bool(np.mean(predicted != targets.reshape(predicted.shape)) <= WRONG)


def _moved(report: StepReport) -> float:
    ratios = [layer.update_ratio for layer in report.layers.values()]
    largest = np.nan_to_num(ratios, nan=1.0, posinf=1.0).max(initial=0.0)
    return float(largest) * len(report.loss)


def verdict(made: list[Attempt], size: int) -> tuple[dict[str, float | str | bool | None], str]:
    """Fitted, surely not, or nothing to be said, and why."""
    facts: dict[str, float | str | bool | None] = dict.fromkeys(NAMES)
    if not any(attempt.losses for attempt in made):
        return facts, "the training is too short, or has too few examples, to try a sample"
    best = min(made, key=lambda attempt: attempt.lowest)
    facts |= {"sample_examples": size}
    facts |= {"sample_loss": best.lowest if np.isfinite(best.lowest) else None}
    if made[-1].fitted:
        return facts | {"overfits_sample": True, "sample_lr": made[-1].rate}, ""
    reason = undecided(made)
    if reason:
        return facts, f"the sample was not fitted, but {reason}"
    return facts | {"overfits_sample": False, "sample_lr": best.rate}, ""


def undecided(made: list[Attempt]) -> str:
    """Why not fitting the sample says nothing; empty when it does."""
    if any(attempt.passes < ENOUGH and not attempt.broken for attempt in made):
        return f"{ENOUGH} passes at each rate are needed to say that it cannot be"
    if any(attempt.on_its_way for attempt in made):
        return "its loss was on its way"
    if 0 < max(attempt.moved for attempt in made) < MOVED:
        return "the weights had hardly moved"
    return ""
