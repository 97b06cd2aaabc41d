from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.luck import Seeds, by_recipe, error_at, expected_maximum, is_measured, is_whole
from advisor.requests import Train
from advisor.state import Attempt
from advisor.symptoms import detect
from tests import simulation
from tests.session_symptoms.states import REGRESSION, attempt, recipe, seeds


@pytest.mark.parametrize(
    ("count", "value"),
    [
        (1, 0.0),
        (2, 1 / math.sqrt(math.pi)),
        (3, 1.5 / math.sqrt(math.pi)),
        (10, 1.53875),
        (20, 1.86748),
        (100, 2.50759),
    ],
)
def test_expected_maximum_is_that_of_the_tables(count: int, value: float) -> None:
    assert expected_maximum(count) == pytest.approx(value, abs=1e-5)


def test_expected_maximum_is_the_mean_of_the_largest_draw() -> None:
    drawn = np.random.default_rng(0).normal(size=(20_000, 37)).max(axis=1)
    assert expected_maximum(37) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 141)


@given(st.integers(1, 5000))
def test_expected_maximum_grows_but_less_than_the_root_of_its_logarithm(count: int) -> None:
    assert expected_maximum(count) < expected_maximum(count + 1)
    assert expected_maximum(count) <= math.sqrt(2 * math.log(count)) + 1e-9


def simulated(seed: int) -> Attempt:
    what = simulation.recipe(**{"optimizer.lr": 0.003, "train.seed": seed})
    result = simulation.trained(what)
    return Attempt(Train(seed, "repeat", what), result, {}, tuple(detect(what, result.events)))


def test_outputs_and_value_give_the_same_standard_error_of_a_share() -> None:
    made = simulated(0)
    assert made.value is not None
    usual = math.sqrt(made.value * (1 - made.value) / simulation.VALIDATION)
    assert error_at(made, made.value, 1.0) == pytest.approx(usual, rel=0.01)


def test_a_single_training_deviates_as_expected_and_more_are_shrunk_towards_it() -> None:
    alone, calm, wild = (
        Seeds(tuple(seeds(values)), 1.0) for values in ([0.9], [0.9] * 4, [0.9, 0.7, 0.8])
    )
    assert alone.measured is None
    assert alone.deviation == alone.expected
    assert calm.measured == 0.0
    assert 0 < calm.deviation < calm.expected
    assert wild.measured == pytest.approx(0.1)
    assert wild.expected < wild.deviation < wild.measured


def test_of_metrics_that_are_no_shares_the_whole_error_is_expected() -> None:
    of = recipe(**REGRESSION)
    made = Seeds((attempt(1, 50.0, of),), 1.0)
    assert made.expected == pytest.approx(50 / math.sqrt(2000) * math.sqrt(1.25))
    assert made.whole == 80.0  # chance's


def test_trainings_go_together_whatever_their_seed() -> None:
    made = [*seeds([0.9, 0.8]), *seeds([0.7], lr=0.5, first=3), attempt(4, 0.6, recipe(seed=9))]
    numbers = [[one.trial.number for one in group] for group in by_recipe(made).values()]
    assert numbers == [[1, 2, 4], [3]]


def test_what_is_measured_and_what_is_whole() -> None:
    well, cut = attempt(1, 0.9, recipe()), attempt(2, 0.9, recipe(), "stopped")
    lost, unknown = attempt(3, None, recipe(), "failed"), attempt(4, 0.9, recipe(), held_out=0)
    assert [is_measured(one) for one in (well, cut, lost, unknown)] == [True, True, False, False]
    assert [is_whole(one) for one in (well, cut, lost, unknown)] == [True, False, False, False]
