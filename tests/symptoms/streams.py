"""Synthetic event streams of healthy and sick trainings, for tests of facts and symptoms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from advisor.events import (
    ActivationReport,
    DataReport,
    Evaluated,
    Event,
    LayerReport,
    Status,
    StepsDone,
    TrialFinished,
    TrialStarted,
)
from advisor.recipe import Recipe
from advisor.schedule import learning_rates

Curve = Callable[[float], float]
"""Something as a function of the share of the run that is done."""


def recipe_of(**changes: Any) -> Recipe:
    """A plain, sound recipe; `changes` by path with `__` for the dots."""
    task = changes.pop("task", "classification")
    base = Recipe.model_validate(
        {"task": task, "data": {"source": "sklearn:digits"}, "model": {"kind": "mlp"}}
    )
    return base.changed({path.replace("__", "."): value for path, value in changes.items()})


def decay(start: float, end: float, pace: float) -> Curve:
    """Falls from `start` towards `end`; e-folds `pace` times over the run."""
    return lambda share: end + (start - end) * math.exp(-pace * share)


LOSS, VALIDATION_LOSS = decay(2.5, 0.02, 8.0), decay(2.5, 0.08, 8.0)
METRIC, VALIDATION_METRIC = decay(0.1, 0.998, 8.0), decay(0.1, 0.975, 8.0)
GRADIENT = decay(2.0, 0.2, 5.0)


def steady(value: float) -> Curve:
    return lambda share: value


@dataclass(frozen=True)
class Stream:
    """One trial, drawn from curves. The defaults make a healthy classifier of 10 classes."""

    recipe: Recipe = field(default_factory=recipe_of)
    seed: int = 0
    train_examples: int = 2000
    validation_examples: int = 500
    outputs: int = 10
    class_shares: tuple[float, ...] | None = (0.1,) * 10
    initial_loss: float = 2.6
    chance_loss: float = math.log(10)
    chance_metric: float = 0.1
    train_loss: Curve = LOSS
    validation_loss: Curve = VALIDATION_LOSS
    train_metric: Curve = METRIC
    validation_metric: Curve = VALIDATION_METRIC
    step_noise: float = 0.3
    """deviation of the logarithm of a batch's loss"""
    evaluation_noise: float = 0.01
    """relative, of both losses at an evaluation"""
    metric_noise: bool = True
    """binomial noise of the validation metric (classification)"""
    gradient: Curve = GRADIENT
    gradient_noise: float = 0.4
    update_ratio: float = 1.5e-3
    layers: tuple[str, ...] = ("conv1.kernel", "conv2.kernel", "dense1.kernel", "output.kernel")
    layer_gradients: tuple[float, ...] = (0.6, 0.8, 1.0, 1.2)
    """of each layer, relative to the global norm"""
    dead: Curve = lambda share: 0.05
    saturated: Curve = lambda share: 0.02
    predicted_share: Curve = lambda share: 0.12
    input_max_abs: float = 4.0
    input_mean_off: float = 0.01
    input_std_ratio: float = 1.3
    status: Status = "finished"
    until: float = 1.0
    """share of the run after which it ends"""

    def events(self) -> list[Event]:
        random, recipe = np.random.default_rng(self.seed), self.recipe
        per_epoch = self.train_examples // recipe.train.batch_size
        epochs = recipe.train.epochs
        found: list[Event] = [self._started(per_epoch, epochs)]
        rates = learning_rates(recipe, 0, per_epoch * epochs, per_epoch * epochs)
        best: Evaluated | None = None
        for epoch in range(max(1, round(self.until * epochs))):
            found.append(self._steps(random, epoch, per_epoch, rates))
            evaluated = self._evaluated(random, epoch + 1, per_epoch, best)
            best = evaluated if evaluated.best else best
            found.append(evaluated)
        last = found[-1]
        assert isinstance(last, Evaluated)
        return [*found, self._finished(last, best)]

    def _started(self, per_epoch: int, epochs: int) -> TrialStarted:
        shares = list(self.class_shares) if self.class_shares else None
        data = DataReport(
            train_examples=self.train_examples,
            validation_examples=self.validation_examples,
            input_shape=[8, 8, 1],
            outputs=self.outputs,
            class_shares=shares,
            target_std=1.0,
            input_max_abs=self.input_max_abs,
            input_mean_off=self.input_mean_off,
            input_std_ratio=self.input_std_ratio,
        )
        return TrialStarted(
            "synthetic",
            "cpu",
            20_000,
            per_epoch,
            epochs,
            self.initial_loss,
            self.chance_loss,
            self.chance_metric,
            data,
        )

    def _steps(
        self, random: np.random.Generator, epoch: int, per_epoch: int, rates: np.ndarray
    ) -> StepsDone:
        total = per_epoch * self.recipe.train.epochs
        steps = np.arange(epoch * per_epoch, (epoch + 1) * per_epoch)
        spread = self.step_noise
        loss = np.array([self.train_loss(step / total) for step in steps])
        loss = loss * np.exp(spread * random.standard_normal(per_epoch) - spread**2 / 2)
        gradient = np.array([self.gradient(step / total) for step in steps])
        gradient = gradient * np.exp(self.gradient_noise * random.standard_normal(per_epoch))
        lr = rates[steps]
        return StepsDone(
            int(steps[-1]) + 1,
            epoch + 1.0,
            loss.tolist(),
            gradient.tolist(),
            lr.tolist(),
            self._layers(random, float(gradient[-1]), float(lr[-1]) / self.recipe.optimizer.lr),
            0.01 * (epoch + 1),
        )

    def _layers(
        self, random: np.random.Generator, gradient: float, rate: float
    ) -> dict[str, LayerReport]:
        found = {}
        for name, scale in zip(self.layers, self.layer_gradients, strict=True):
            ratio = self.update_ratio * rate * math.exp(0.4 * random.standard_normal())
            found[name] = LayerReport(gradient * scale, 5.0, ratio)
        return found

    def _evaluated(
        self, random: np.random.Generator, epoch: int, per_epoch: int, best: Evaluated | None
    ) -> Evaluated:
        share = epoch / self.recipe.train.epochs
        jitter = np.exp(self.evaluation_noise * random.standard_normal(2))
        metric = self.validation_metric(share)
        if self.metric_noise and self.recipe.task != "regression":
            n = self.validation_examples
            metric = random.binomial(n, min(1.0, max(0.0, metric))) / n
        made = Evaluated(
            epoch * per_epoch,
            float(epoch),
            self.train_loss(share) * float(jitter[0]),
            self.train_metric(share),
            self.validation_loss(share) * float(jitter[1]),
            metric,
            False,
            None if self.recipe.task == "regression" else self.predicted_share(share),
            self._activations(epoch, share),
            0.02 * epoch,
        )
        finite = math.isfinite(made.validation_loss) and math.isfinite(metric)
        return replace(made, best=finite and (best is None or self._better(made, best)))

    def _better(self, made: Evaluated, best: Evaluated) -> bool:
        sign = -1 if self.recipe.metric in ("rmse", "mae") else 1
        ours, theirs = sign * made.validation_metric, sign * best.validation_metric
        return ours > theirs or (ours == theirs and made.validation_loss < best.validation_loss)

    def _activations(self, epoch: int, share: float) -> dict[str, ActivationReport]:
        epochs = self.recipe.train.epochs
        if epoch % max(1, epochs // 4) and epoch < epochs:
            return {}
        names = [name.replace(".kernel", ".activation") for name in self.layers[:-1]]
        return {
            name: ActivationReport(self.dead(share), self.saturated(share), 0.8) for name in names
        }

    def _finished(self, last: Evaluated, best: Evaluated | None) -> TrialFinished:
        size = self.recipe.train.batch_size
        return TrialFinished(
            self.status,
            last.epoch,
            last.step,
            last.step * size,
            1.0,
            best.train_loss if best else None,
            best.train_metric if best else None,
            best.validation_loss if best else None,
            best.validation_metric if best else None,
            best.step if best else None,
        )


def healthy(seed: int) -> Stream:
    """A training with nothing wrong: task, sizes, pace, noise and schedule vary with the seed."""
    random = np.random.default_rng(seed)
    task = ("classification", "binary", "regression")[random.integers(3)]
    make = _healthy_regression if task == "regression" else _healthy_classifier
    changes: dict[str, Any] = {
        "task": task,
        "train__batch_size": int(random.choice([16, 32, 64, 128])),
        "train__epochs": int(random.choice([5, 8, 12, 20, 30, 60])),
        "train__seed": seed,
        "optimizer__lr": 1e-3,
        "schedule__kind": str(random.choice(["constant", "cosine", "one_cycle", "linear"])),
    }
    stream = make(random, recipe_of(**changes))
    least = 250 * stream.recipe.train.batch_size / stream.recipe.train.epochs
    return replace(
        stream,
        seed=seed,
        train_examples=int(max(least, 10 ** random.uniform(2.5, 4.0))),
        validation_examples=int(10 ** random.uniform(2.0, 3.5)),
        step_noise=float(random.uniform(0.03, 0.6)),
        evaluation_noise=float(random.uniform(0.002, 0.05)),
        gradient_noise=float(random.uniform(0.1, 0.7)),
        update_ratio=float(10 ** random.uniform(-3.5, -2.0)),
        layer_gradients=tuple(10 ** random.uniform(-0.7, 0.5, 4)),
        dead=steady(float(random.uniform(0, 0.25))),
        input_max_abs=float(random.uniform(1, 9)),
        input_mean_off=float(random.uniform(0, 0.15)),
    )


def _healthy_classifier(random: np.random.Generator, recipe: Recipe) -> Stream:
    binary = recipe.task == "binary"
    classes = 2 if binary else int(random.choice([3, 10, 100]))
    shares = random.dirichlet(np.full(classes, 40.0))
    chance_loss = float(-(shares * np.log(shares)).sum())
    chance = float(shares.max())
    start = chance_loss * random.uniform(1.0, 1.4)
    pace = random.uniform(5, 25)
    floor = random.uniform(0.001, 0.04)  # of the chance loss, on the training set
    harder = random.uniform(0.005, 0.04)  # more error on validation than on training
    fitted = 1 - random.uniform(0, 0.008)
    return Stream(
        recipe,
        outputs=1 if binary else classes,
        class_shares=tuple(shares),
        initial_loss=float(start * random.uniform(0.95, 1.3)),
        chance_loss=chance_loss,
        chance_metric=chance,
        train_loss=decay(start, floor * chance_loss, pace),
        validation_loss=decay(start, (floor + harder) * chance_loss, pace),
        train_metric=decay(chance, fitted, 1.3 * pace),
        validation_metric=decay(chance, fitted - harder, 1.3 * pace),
        predicted_share=lambda share: chance + 0.1 * (1 - chance),
    )


def _healthy_regression(random: np.random.Generator, recipe: Recipe) -> Stream:
    start, pace = random.uniform(1.0, 3.0), random.uniform(5, 25)
    floor = random.uniform(0.002, 0.25)
    held = floor + random.uniform(0.0, 0.04)
    return Stream(
        recipe,
        outputs=1,
        class_shares=None,
        initial_loss=float(start),
        chance_loss=1.0,
        chance_metric=0.0,
        train_loss=decay(start, floor, pace),
        validation_loss=decay(start, held, pace),
        train_metric=lambda share: 1 - decay(start, floor, pace)(share),
        validation_metric=lambda share: 1 - decay(start, held, pace)(share),
    )
