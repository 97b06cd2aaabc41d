"""How good a trial is: its distance from a perfect score, from chance, and the noise of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from advisor.architecture import Floats
from advisor.events import Evaluated
from advisor.metrics import area_variance, oriented
from advisor.recipe import LOWER_IS_BETTER, Metric
from advisor.records import Records
from advisor.trends import jitter

SHARES: frozenset[Metric] = frozenset({"accuracy", "balanced_accuracy", "f1", "roc_auc"})


@dataclass(frozen=True)
class Standing(Records):
    """The metric of a trial, turned so that larger is better."""

    @cached_property
    def validation_metrics(self) -> Floats:
        """Turned so that larger is better."""
        return self._turned("validation_metric")

    @cached_property
    def train_metrics(self) -> Floats:
        """Turned so that larger is better."""
        return self._turned("train_metric")

    def _turned(self, name: str) -> Floats:
        values = self.timeline.evaluated[name].values
        return -values if self.recipe.metric in LOWER_IS_BETTER else values

    def turned(self, value: float) -> float:
        return oriented(self.recipe.metric, value)

    @property
    def is_share(self) -> bool:
        """Whether the metric lies in [0, 1], so that points of it mean something."""
        return self.recipe.metric in SHARES

    @property
    def can_be_perfect(self) -> bool:
        """Whether the training set could be fitted to the last example: numbers and texts have
        noise of their own, nobody knows how much."""
        return self.recipe.task not in ("regression", "language_model")

    @cached_property
    def validation_examples(self) -> int:
        return self.started.data.validation_examples if self.started else 0

    def shortfall(self, metric: float) -> float | None:
        """Distance from a perfect score: 1 - metric; for errors, their share of chance's error;
        for perplexity the same of its logarithm, the loss.

        0 is perfect; None when chance itself is perfect or unknown.
        """
        if self.recipe.metric not in LOWER_IS_BETTER:
            return 1.0 - metric
        chance = self.started.chance_metric if self.started else 0.0
        if self.recipe.metric == "perplexity":
            return math.log(max(metric, 1.0)) / math.log(chance) if chance > 1 else None
        return metric / chance if chance > 0 else None

    @cached_property
    def gap(self) -> float | None:
        """Shortfall of validation - that of training, at the last evaluation."""
        return self._gap(self.evaluations[-1]) if self.evaluations else None

    @cached_property
    def best_gap(self) -> float | None:
        """Shortfall of validation - that of training, at the best evaluation."""
        return self._gap(self.best) if self.best else None

    @cached_property
    def fitted(self) -> Evaluated | None:
        """The evaluation with the best training metric, of those that measured both; the first of
        equals."""
        metrics = np.where(np.isnan(self.validation_metrics), np.nan, self.train_metrics)
        if not len(metrics) or np.isnan(metrics).all():
            return None
        return self.evaluations[int(np.nanargmax(metrics))]

    @cached_property
    def fitted_gap(self) -> float | None:
        """Shortfall of validation - that of training, where training is fitted best."""
        return self._gap(self.fitted) if self.fitted else None

    def _gap(self, evaluated: Evaluated) -> float | None:
        held = self.shortfall(evaluated.validation_metric)
        trained = self.shortfall(evaluated.train_metric)
        return None if held is None or trained is None else held - trained

    @cached_property
    def metric_error(self) -> float | None:
        """`error_of` the best validation metric."""
        return self.error_of(self.best.validation_metric) if self.best else None

    def error_of(self, value: float) -> float | None:
        """Standard error of a validation metric over its examples, in its own unit.

        Shares: binomial, sqrt(p (1 - p) / n), where averages over classes rest on the rarest.
        roc_auc: Hanley and McNeil's. r2, rmse and mae: as for normal residuals. perplexity: as
        if losses of tokens deviated by their mean.
        """
        n = self.validation_examples
        if not n:
            return None
        match self.recipe.metric:
            case "r2":
                return abs(1 - value) * math.sqrt(2 / n)
            case "rmse":
                return value / math.sqrt(2 * n)
            case "mae":
                return 0.756 * value / math.sqrt(n)
            case "perplexity":
                return value * math.log(max(value, 1.0)) / math.sqrt(self._answers(n))
            case "roc_auc":
                return self._area_error(value, n)
            case _:
                p = min(max(value, 1 / n), 1 - 1 / n)
                return math.sqrt(p * (1 - p) / self._effective_examples(n))

    def _answers(self, n: int) -> float:
        """Independent answers in n examples, of which some have many labels or tokens: those of
        one example go together, so that four are taken to tell as much as one."""
        if self.started is None or self.recipe.task not in ("multilabel", "language_model"):
            return n
        data = self.started.data
        each = data.outputs if self.recipe.task == "multilabel" else math.prod(data.input_shape)
        return n * max(1.0, each / 4)

    def _effective_examples(self, n: int) -> float:
        """Validation examples that would tell as much if all counted alike."""
        shares = self.started.data.class_shares if self.started else None
        if self.recipe.metric == "accuracy":
            return self._answers(n)
        if not shares or not all(shares):
            return n
        return float(n * len(shares) ** 2 / sum(1 / share for share in shares))

    def _area_error(self, area: float, n: int) -> float:
        """Of the mean area over classes or labels, from how many examples of each there are."""
        shares = (self.started.data.class_shares if self.started else None) or [0.5]
        sides = [min(max(share, 1 / n), 1 - 1 / n) for share in shares]
        if len(sides) == 2 and self.recipe.task != "multilabel":  # one area, seen from both sides
            sides = sides[1:]
        p = min(max(area, 1 / n), 1 - 1 / n)
        each = [area_variance(p, share * n, (1 - share) * n) for share in sides]
        return math.sqrt(sum(each)) / len(each)

    @cached_property
    def shortfall_error(self) -> float | None:
        """`metric_error` in the unit of `shortfall`."""
        error, metric = self.metric_error, self.recipe.metric
        if error is None or metric not in LOWER_IS_BETTER:
            return error
        if metric != "perplexity":
            return self.shortfall(error)
        value = self.best.validation_metric if self.best else 1.0
        chance = self.started.chance_metric if self.started else 0.0
        return error / (value * math.log(chance)) if chance > 1 else None

    @cached_property
    def lift(self) -> float | None:
        """Best validation metric - chance's, in standard errors of what chance alone would give.

        Shares: binomial error at chance; roc_auc and perplexity likewise. Regression: the t
        statistic of the correlation that explains as much, sqrt(R2 (n - 2) / (1 - R2)), with
        R2's sign.
        """
        n = self.validation_examples
        if self.best is None or self.started is None or n < 3:
            return None
        value, chance = self.best.validation_metric, self.started.chance_metric
        if self.recipe.metric == "roc_auc":
            return (value - chance) / self._area_error(0.5, n)
        if self.recipe.metric == "perplexity":
            before, now = math.log(max(chance, 1 + 1e-9)), math.log(max(value, 1.0))
            return (before - now) / before * math.sqrt(self._answers(n))
        if self.is_share:
            m = self._answers(n) if self.recipe.metric == "accuracy" else n
            p = min(max(chance, 1 / m), 1 - 1 / m)
            return (value - chance) / math.sqrt(p * (1 - p) / m)
        if self.recipe.metric == "r2":
            explained = value
        else:
            explained = 1 - (value / chance) ** 2 if chance > 0 else 0.0
        size = min(abs(explained), 1 - 1e-9)
        return math.copysign(math.sqrt(size * (n - 2) / (1 - size)), explained)

    @cached_property
    def validation_noise(self) -> float | None:
        """1.4826 MAD of first differences of the validation loss / sqrt(2); None under 4."""
        return jitter(self.validation_losses)
