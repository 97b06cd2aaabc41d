"""How much of a metric is luck: of its examples, of the seed, of being the best of many. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, stdev

from advisor import evidence
from advisor.evidence import LEAST_SPREAD, PRIOR_WEIGHT
from advisor.history import History
from advisor.state import Attempt

REACH, STEP = 9.0, 0.01
"""The largest of even a million normal draws is hardly ever above nine deviations."""


@dataclass(frozen=True)
class Seeds:
    """Trainings of one recipe that differ in nothing but their seed. At least one."""

    attempts: tuple[Attempt, ...]
    """each with a validation metric and the start of its trial"""
    scale: float
    """deviation of the training targets"""

    @property
    def metric(self) -> str:
        return self.attempts[0].recipe.metric

    @cached_property
    def values(self) -> list[float]:
        """Validation metrics."""
        return [attempt.value for attempt in self.attempts if attempt.value is not None]

    @cached_property
    def expected(self) -> float:
        """Standard deviation between seeds of a training that learns as it should.

        For shares of correct answers sqrt(p (1 - p) / 2n): two trainings disagree about as often
        as one of them is wrong (Jordan 2023). For other metrics the standard error over examples,
        which is the most that seeds can add where they move examples independently. To either
        comes what seeds were seen to add (`evidence.prior_spread`).
        """
        error = math.sqrt(mean(self._error(one) ** 2 for one in self.attempts))
        of_examples = error / math.sqrt(2) if _start_of(self.attempts[0]).is_share else error
        return math.hypot(of_examples, LEAST_SPREAD * error)

    @cached_property
    def measured(self) -> float | None:
        """Standard deviation of the metrics; None for a single training."""
        return stdev(self.values) if len(self.values) > 1 else None

    @cached_property
    def deviation(self) -> float:
        """`measured`, shrunk towards `expected` as the few seeds ask for."""
        if self.measured is None:
            return self.expected
        seen = len(self.values) - 1
        pooled = PRIOR_WEIGHT * self.expected**2 + seen * self.measured**2
        return math.sqrt(pooled / (PRIOR_WEIGHT + seen))

    @cached_property
    def whole(self) -> float:
        """What counts as a whole of the metric: 1 for shares and r2, chance's value for errors,
        its own value for perplexity."""
        start = _start_of(self.attempts[0])
        match start.recipe.metric:
            case "rmse" | "mae":
                return start.started.chance_metric if start.started else 0.0
            case "perplexity":
                return mean(self.values)
            case _:
                return 1.0

    def _error(self, attempt: Attempt) -> float:
        return error_at(attempt, attempt.value or 0.0, self.scale)


def error_at(attempt: Attempt, value: float, scale: float) -> float:
    """Standard error over the validation examples of a metric that is `value`: the larger of what
    such a value usually has, and what this trial's outputs show."""
    usual, outputs = _start_of(attempt).error_of(value) or 0.0, attempt.result.predictions
    shown = evidence.metric_error(attempt.recipe, outputs, scale) if outputs else 0.0
    return max(usual, shown)


def _start_of(attempt: Attempt) -> History:
    """The trial's start, which is all that standard errors ask of its events."""
    started = attempt.result.started
    return History(attempt.recipe, [started] if started else [])


def expected_maximum(count: int) -> float:
    """The mean of the largest of so many independent standard normal draws; 0 for one.

    The integral over x > 0 of 1 - F(x)^K - F(-x)^K, by trapezoids; 1.54 for 10, 2.51 for 100.
    """
    if count < 2:
        return 0.0
    places = [STEP * place for place in range(1, round(REACH / STEP))]
    return STEP * (_tails(0.0, count) / 2 + sum(_tails(x, count) for x in places))


def _tails(x: float, count: int) -> float:
    above = math.erfc(x / math.sqrt(2)) / 2
    return 1.0 - (1.0 - above) ** count - above**count


def by_recipe(attempts: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    """The trainings of each recipe, by `seedless`, in the order of the first of each."""
    found: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        found.setdefault(seedless(attempt), []).append(attempt)
    return found


def seedless(attempt: Attempt) -> str:
    """Names what is trained, whatever the seed."""
    return attempt.recipe.changed({"train.seed": 0}).digest()


def is_measured(attempt: Attempt) -> bool:
    """Whether it has a finite metric, over a known number of examples."""
    if attempt.value is None or attempt.result.started is None:
        return False
    return math.isfinite(attempt.value) and attempt.result.started.data.validation_examples > 1


def is_whole(attempt: Attempt) -> bool:
    """Whether it was measured, and came to an end that was not forced on it."""
    finished = attempt.result.finished
    ended = finished is not None and finished.status in ("finished", "early_stopped")
    return ended and is_measured(attempt)
