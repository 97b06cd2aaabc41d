"""The optimisers, from gradients that have the penalties in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from advisor.architecture import Floats, Weights, is_decayed
from advisor.recipe import Handover, Nadam, Recipe, Sgd


class Optimizer:
    """The recipe's optimiser; `first` and `second` hold what it keeps of each parameter."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.steps, self.handed_over = recipe, 0, False
        self.first: dict[str, Any] = {}
        self.second: dict[str, Any] = {}
        self.momentum_product = 1.0

    def updated(
        self,
        weights: Weights,
        gradients: Weights,
        lr: float,
        handed_over: bool = False,
        scales: Mapping[str, float] | None = None,
    ) -> Weights:
        """The parameters after a step; running statistics as they were."""
        self._begin(handed_over)
        clip, factor = self.recipe.optimizer.clip_norm, 1.0
        if clip is not None:
            factor = min(1.0, clip / (global_norm(gradients) + 1e-6))
        after = dict(weights)
        for name, gradient in gradients.items():
            rate = lr * (scales or {}).get(name, 1.0)
            decay = self.recipe.regularization.weight_decay if is_decayed(name) else 0.0
            kept = weights[name] * (1 - rate * decay)
            after[name] = kept - rate * self._direction(name, factor * gradient)
        return after

    def _begin(self, handed_over: bool) -> None:
        if handed_over and not self.handed_over:
            self.first = {}
        self.handed_over = handed_over
        self.steps += 1
        if isinstance(self.recipe.optimizer, Nadam):
            self.momentum_product *= _nadam_momentum(self.recipe.optimizer, self.steps)

    def _direction(self, name: str, g: Floats) -> Floats:
        settings = self.recipe.optimizer
        if isinstance(settings, Sgd):
            return self._sgd(settings, name, g)
        if self.handed_over:
            assert settings.handover is not None
            return self._sgd(settings.handover, name, g)
        first, second = self.first.get(name, 0.0), self.second.get(name, 0.0)
        if settings.kind == "rmsprop":
            v = self.second[name] = settings.alpha * second + (1 - settings.alpha) * g**2
            m = self.first[name] = settings.momentum * first + g / (np.sqrt(v) + settings.eps)
            return np.asarray(m)
        if settings.kind == "adagrad":
            v = self.second[name] = second + g**2
            return np.asarray(g / (np.sqrt(v) + settings.eps))
        b1, b2 = settings.beta1, settings.beta2
        if settings.kind == "lion":
            self.first[name] = b2 * first + (1 - b2) * g
            return np.asarray(np.sign(b1 * first + (1 - b1) * g))
        m = self.first[name] = b1 * first + (1 - b1) * g
        v = self.second[name] = b2 * second + (1 - b2) * g**2
        ahead = m / (1 - b1**self.steps)
        if isinstance(settings, Nadam):
            ahead = self._nadam(settings, m, g)
        return np.asarray(ahead / (np.sqrt(v / (1 - b2**self.steps)) + settings.eps))

    def _sgd(self, settings: Sgd | Handover, name: str, g: Floats) -> Floats:
        velocity = self.first[name] = settings.momentum * self.first.get(name, 0.0) + g
        return np.asarray(g + settings.momentum * velocity if settings.nesterov else velocity)

    def _nadam(self, settings: Nadam, m: Floats, g: Floats) -> Floats:
        now, later = (_nadam_momentum(settings, self.steps + more) for more in (0, 1))
        product = self.momentum_product
        return np.asarray((1 - now) / (1 - product) * g + later / (1 - product * later) * m)


def _nadam_momentum(settings: Nadam, step: int) -> float:
    return settings.beta1 * (1 - 0.5 * math.pow(0.96, step * settings.momentum_decay))


def global_norm(arrays: Weights) -> float:
    return math.sqrt(sum(float(np.sum(array**2)) for array in arrays.values()))


def averaged(average: Weights, current: Weights, share: float) -> Weights:
    """The averages after they moved this far towards the current weights and statistics."""
    return {name: array + share * (current[name] - array) for name, array in average.items()}
