"""`lr_range`: a learning-rate range test (Smith 2015, arXiv 1506.01186).

Four faults of the usual ones are avoided: the slope is taken in log10(lr), the loss is measured on
a fixed sample in evaluation mode rather than read off noisy batches, more than one seed is asked
and a short run must confirm the pick, and "no valid pick" is an answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from advisor import data
from advisor.architecture import Floats
from advisor.backend import Backend, Training
from advisor.events import ProbeFinished
from advisor.probes.pick import LEAST_FALL, Pick, agreed, suggest
from advisor.probes.plain import at_constant_rate, chance_loss, loss_on_sample, training_steps
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare

POINTS, STEPS_A_POINT = 24, 3
AGAIN_POINTS = 12
"""Of further seeds, which sweep only where the first one's loss moved."""
AGAIN_FROM = 1 / 3
"""... from this share of the rate at which it started to fall."""
LOWEST = 1e-6
HIGHEST = {
    "sgd": 10.0,
    "rmsprop": 1.0,
    "adagrad": 10.0,
    "adam": 1.0,
    "adamw": 1.0,
    "nadam": 1.0,
    "lion": 0.1,
}
STOP_FACTOR = 4.0
"""The sweep ends when the loss is this many times the best seen (fastai, Lightning)."""
CONFIRMING_STEPS = 24
STEP_DOWN = 0.3
"""What a pick that was not confirmed is multiplied by, at most twice."""
PLANS = ((3, 3), (2, 3), (1, 3), (1, 2), (1, 1))
"""Seeds, and rates that may be tried to confirm the pick: the first of these that costs no more
than AFFORDABLE of a training, else one seed and no confirmation."""
AFFORDABLE = 0.55
SEEDS = 2**32


@dataclass(frozen=True)
class Sweep:
    """One seed's curve."""

    lr: Floats
    loss: Floats
    initial_loss: float
    steps: int


@dataclass
class Confirmed:
    """The rate that a short run confirmed, None where none was; and what that cost."""

    lr: float | None
    steps: int = 0
    notes: list[str] = field(default_factory=list)


def lr_range(
    recipe: Recipe, dataset: data.Dataset, backend: Backend, device: str = "auto"
) -> ProbeFinished:
    """Raise the learning rate geometrically for a few steps a point; suggest a rate.

    Facts: `suggested_lr` (None when there is no valid pick), `lr_range_low` and
    `lr_range_high` (where the loss starts to fall, and where it turns up). The curve is the first
    seed's.
    """
    began = time.perf_counter()
    n = len(dataset.train.targets)
    seeds, tries = plan(recipe, n)
    test = RangeTest(recipe, dataset, backend, device)
    sweeps, pick = test.picked(seeds)
    done = test.confirmed(pick.lr, tries, seeds) if pick.lr else Confirmed(None)
    steps = sum(sweep.steps for sweep in sweeps) + done.steps
    first = sweeps[0]
    return ProbeFinished(
        "lr_range",
        {
            "suggested_lr": done.lr,
            "lr_range_low": pick.low,
            "lr_range_high": pick.high,
        },
        steps * recipe.train.batch_size / n,
        steps,
        time.perf_counter() - began,
        {"lr": first.lr.tolist(), "loss": first.loss.tolist()},
        "; ".join(filter(None, [pick.message, *done.notes])),
    )


def plan(recipe: Recipe, train_examples: int) -> tuple[int, int]:
    """How many seeds, and how many rates may be tried to confirm their pick."""
    paid = AFFORDABLE * training_steps(recipe, train_examples)
    return next((made for made in PLANS if _steps(*made) <= paid), (1, 0))


def range_steps(recipe: Recipe, train_examples: int) -> int:
    """The most optimiser steps that the test takes."""
    return _steps(*plan(recipe, train_examples))


def _steps(seeds: int, tries: int) -> int:
    points = POINTS + (seeds - 1) * AGAIN_POINTS
    return points * STEPS_A_POINT + tries * CONFIRMING_STEPS


class RangeTest:
    """The test of one recipe. Each sweep and each confirmation starts a training of its own."""

    def __init__(
        self, recipe: Recipe, dataset: data.Dataset, backend: Backend, device: str
    ) -> None:
        self.recipe, self.dataset = at_constant_rate(recipe), dataset
        self.backend, self.device = backend, device
        self.chance = chance_loss(recipe, dataset)

    def picked(self, seeds: int) -> tuple[list[Sweep], Pick]:
        """All sweeps and what they suggest together; one without a pick has no successors."""
        highest = HIGHEST[self.recipe.optimizer.kind]
        sweeps = [self.sweep(0, np.geomspace(LOWEST, highest, POINTS))]
        picks = [self._suggested(sweeps[0])]
        if picks[0].lr is None or picks[0].low is None:
            return sweeps, picks[0]
        from_rate, to_rate = AGAIN_FROM * picks[0].low, float(sweeps[0].lr[-1])
        for offset in range(1, seeds):
            sweeps.append(self.sweep(offset, np.geomspace(from_rate, to_rate, AGAIN_POINTS)))
            picks.append(self._suggested(sweeps[-1]))
        return sweeps, agreed(picks)

    def _suggested(self, sweep: Sweep) -> Pick:
        return suggest(sweep.lr, sweep.loss, sweep.initial_loss, self.chance)

    def sweep(self, offset: int, rates: Floats) -> Sweep:
        """A few steps at each rate, from the lowest up, until the loss blows up."""
        recipe, training = self._started(offset)
        measure = loss_on_sample(recipe, self.dataset, training)
        initial, losses = measure(), list[float]()
        with StepMaker(recipe, self.dataset, list(training.weights())) as maker:
            for point, lr in enumerate(rates):
                take(training, maker, point, float(lr))
                losses.append(measure())
                if not np.isfinite(losses[-1]) or losses[-1] > STOP_FACTOR * min(initial, *losses):
                    break
        done = len(losses)
        return Sweep(rates[:done], np.array(losses), initial, done * STEPS_A_POINT)

    def confirmed(self, lr: float, tries: int, offset: int) -> Confirmed:
        """The rate, or a lower one, at which a short run from fresh weights comes down clearly."""
        if not tries:
            return Confirmed(lr, 0, ["the training is too short to confirm it"])
        done = Confirmed(None)
        for attempt in range(tries):
            rate = float(f"{lr * STEP_DOWN**attempt:.2g}")
            done.steps += CONFIRMING_STEPS
            if self._comes_down(rate, offset):
                done.lr = rate
                break
            done.notes.append(f"a short run at {rate:.2g} did not come down")
        return done

    def _comes_down(self, rate: float, offset: int) -> bool:
        recipe, training = self._started(offset)
        measure = loss_on_sample(recipe, self.dataset, training)
        initial = measure()
        with StepMaker(recipe, self.dataset, list(training.weights())) as maker:
            for point in range(CONFIRMING_STEPS // STEPS_A_POINT):
                take(training, maker, point, rate)
        return measure() <= (1 - LEAST_FALL) * initial

    def _started(self, offset: int) -> tuple[Recipe, Training]:
        seed = (self.recipe.train.seed + offset) % SEEDS
        recipe = self.recipe.changed({"train.seed": seed})
        return recipe, self.backend.start(prepare(recipe, self.dataset, self.device))


def take(training: Training, maker: StepMaker, point: int, lr: float) -> None:
    """The steps of one point at this rate."""
    for batches in maker.stretches(point * STEPS_A_POINT, STEPS_A_POINT):
        training.run(replace(batches, lr=np.full(len(batches.rows), lr)))
