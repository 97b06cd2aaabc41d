from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.estimates import CONFIDENCE_Z, fresh_estimate, within
from advisor.evidence import Decision
from advisor.recipe import Metric
from advisor.requests import Finalist, Finals
from advisor.state import State
from tests.session_symptoms.states import REGRESSION, attempt, recipe, session


def finished(*values: float | None, took_over: bool = False, **changes: object) -> State:
    """A session whose winner has these values on fresh seeds."""
    best = attempt(1, 0.9, recipe(**changes))
    fresh = [
        attempt(2 + i, value, recipe(seed=1000 + i, **changes), purpose="confirmation")
        for i, value in enumerate(values)
    ]
    state = session([best, *fresh])
    winner = Finalist(1, tuple(one.trial.number for one in fresh), values, None)
    if took_over:
        winner = replace(winner, decision=Decision("accepted", "better"))
    state.finals = Finals((winner,), winner)
    return state


def test_the_estimate_is_the_mean_over_fresh_seeds_not_what_it_was_chosen_by() -> None:
    found = fresh_estimate(finished(0.86, 0.88))
    assert found is not None
    assert found.value == pytest.approx(0.87)
    assert found.seeds == (1000, 1001)
    assert found.examples == 1000
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.87 < found.high
    assert not found.chosen


def test_its_interval_is_at_least_that_of_the_examples() -> None:
    found = fresh_estimate(finished(0.9, 0.9))
    assert found is not None
    assert found.high is not None
    assert found.high - found.value >= CONFIDENCE_Z * math.sqrt(0.9 * 0.1 / 1000) - 1e-12


def test_seeds_that_differ_widen_it() -> None:
    alike, apart = fresh_estimate(finished(0.8, 0.8)), fresh_estimate(finished(0.7, 0.9))
    assert alike is not None
    assert apart is not None
    assert alike.high is not None
    assert apart.high is not None
    assert apart.high > alike.high + 0.05


@pytest.mark.parametrize("value", [0.0, 0.9999, 1.0])
def test_it_stays_within_what_the_metric_can_be(value: float) -> None:
    found = fresh_estimate(finished(value))
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(
    ("metric", "ends"),
    [("accuracy", (-0.5, 0.5)), ("r2", (-3.0, 0.5)), ("rmse", (-3.0, 0.5)), ("perplexity", None)],
)
def test_a_gain_is_within_what_is_missing(metric: Metric, ends: tuple[float, float] | None) -> None:
    before = 1.25 if metric == "perplexity" else 0.5
    assert within(metric, before, 0.1, -3.0, 3.0) == (ends or (-3.0, 0.25))


def test_an_interval_always_holds_its_gain() -> None:
    assert within("accuracy", 0.5, 0.6, 0.2, 3.0) == (0.2, 0.6)


def test_errors_have_no_upper_bound() -> None:
    found = fresh_estimate(finished(50.0, **REGRESSION))
    assert found is not None
    assert found.high is not None
    assert found.high > 50


def test_a_seed_without_a_result_is_left_out() -> None:
    found = fresh_estimate(finished(0.9, None))
    assert found is not None
    assert found.seeds == (1000,)
    assert fresh_estimate(finished(None)) is None


def test_trainings_that_decided_who_won_are_marked() -> None:
    found = fresh_estimate(finished(0.9, took_over=True))
    assert found is not None
    assert found.chosen


def test_without_finals_there_is_none() -> None:
    assert fresh_estimate(session([attempt(1, 0.9, recipe())])) is None
