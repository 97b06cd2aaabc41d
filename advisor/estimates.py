"""What a session's result is worth: the winner on fresh seeds, with its interval. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import mean, stdev

from advisor.luck import error_at, is_whole
from advisor.metrics import oriented
from advisor.recipe import Metric
from advisor.state import Attempt, State

CONFIDENCE_Z = 1.96
"""Standard errors to either side: 95 %."""
SHARES = ("accuracy", "balanced_accuracy", "f1", "roc_auc")
LEAST: dict[Metric, float] = {"rmse": 0.0, "mae": 0.0, "perplexity": 1.0}


@dataclass(frozen=True)
class Estimate:
    """A metric with its 95 % interval."""

    value: float
    low: float | None
    """None where the error is not finite"""
    high: float | None
    seeds: tuple[int, ...]
    """of the trainings that it is the mean of"""
    examples: int
    chosen: bool
    """whether these trainings decided who won, which makes them a little lucky"""


def fresh_estimate(state: State) -> Estimate | None:
    """The winner's validation metric over its fresh seeds; None without any.

    Its variance is that of the examples, which all seeds share, and that between trainings: what
    such a training is known to vary by, or what these do if that is more, over their number.
    """
    fresh = [attempt for attempt in state.fresh if is_whole(attempt)]
    if not fresh or state.finals is None:
        return None
    values = [attempt.value for attempt in fresh if attempt.value is not None]
    value = mean(values)
    error = math.sqrt(
        mean(error_at(one, value, state.scale) ** 2 for one in fresh)
        + _between(fresh, values, state.scale) ** 2 / len(fresh)
    )
    return Estimate(
        value,
        *_interval(fresh[0].recipe.metric, value, error),
        tuple(one.recipe.train.seed for one in fresh),
        _examples(fresh[0]),
        state.finals.winner.decision is not None,
    )


def _between(fresh: list[Attempt], values: list[float], scale: float) -> float:
    """Deviation between trainings beyond that of their examples."""
    known = [one.predictions(scale) for one in fresh]
    usual = max((one.spread for one in known if one is not None), default=0.0)
    return max(usual, stdev(values) if len(values) > 1 else 0.0)


def _interval(metric: Metric, value: float, error: float) -> tuple[float | None, float | None]:
    """Within what the metric can be."""
    if not math.isfinite(error):
        return None, None
    low, high = limits(metric)
    return max(low, value - CONFIDENCE_Z * error), min(high, value + CONFIDENCE_Z * error)


def limits(metric: Metric) -> tuple[float, float]:
    """Between what the metric can be."""
    low = 0.0 if metric in SHARES else LEAST.get(metric, -math.inf)
    return low, 1.0 if metric in (*SHARES, "r2") else math.inf


def within(
    metric: Metric, before: float, gain: float, low: float, high: float
) -> tuple[float, float]:
    """An interval of a gain over a model whose metric is `before`, within what such a gain can be:
    nobody gains more than what is missing. It always holds the gain."""
    ends = sorted(oriented(metric, end) - oriented(metric, before) for end in limits(metric))
    return max(low, min(ends[0], gain)), min(high, max(ends[1], gain))


def _examples(attempt: Attempt) -> int:
    started = attempt.result.started
    return started.data.validation_examples if started else 0
