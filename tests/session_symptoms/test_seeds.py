from __future__ import annotations

import numpy as np
import pytest

from advisor.session_symptoms.seeds import DETECTOR, NOT_TRAINING
from advisor.symptoms import DETECTORS
from tests.session_symptoms.states import HELD_OUT, REGRESSION, attempt, recipe, seeds, session


def fires(values: list[float]) -> bool:
    return DETECTOR.detect(session(seeds(values))).outcome == "fired"


def test_seeds_that_differ_by_more_than_the_examples_explain() -> None:
    found = DETECTOR.detect(session(seeds([0.90, 0.80, 0.95])))
    assert found.outcome == "fired"
    assert found.severity == "info"
    assert found.evidence["deviation"] == pytest.approx(np.std([0.90, 0.80, 0.95], ddof=1))
    assert found.evidence["lowest"] == 0.80
    assert found.window == "trials 1, 2, 3"
    assert "the best recipe" in found.reads


def test_what_is_expected_is_the_binomial_deviation_and_half_a_standard_error() -> None:
    found = DETECTOR.detect(session(seeds([0.9, 0.9, 0.9])))
    error = np.sqrt(0.9 * 0.1 / HELD_OUT)
    assert found.outcome == "clear"
    assert found.evidence["expected"] == pytest.approx(np.sqrt(error**2 / 2 + (error / 2) ** 2))


def trained(random: np.random.Generator, drift: float) -> list[float]:
    """Three seeds that err on a tenth, each on other ones of the same doubtful fifth, so that two
    disagree as often as one errs; `drift` moves whole trainings."""
    doubtful = HELD_OUT // 5
    right = random.binomial(doubtful, 0.5, 3) + HELD_OUT - doubtful
    return list(right / HELD_OUT + drift * random.normal(size=3))


def test_healthy_seeds_seldom_fire_and_drifting_ones_mostly_do() -> None:
    random = np.random.default_rng(0)
    healthy = [fires(trained(random, 0.0)) for _ in range(200)]
    drifting = [fires(trained(random, 0.05)) for _ in range(50)]
    assert np.mean(healthy) < 0.02
    assert np.mean(drifting) > 0.7


def test_half_a_point_is_never_too_much() -> None:
    many = 100_000
    made = [
        attempt(i + 1, value, recipe(seed=i), held_out=many)
        for i, value in enumerate([0.900, 0.905, 0.909])
    ]
    found = DETECTOR.detect(session(made))
    assert found.outcome == "clear"
    assert found.evidence["expected"] < 0.001


def test_two_seeds_say_nothing_and_neither_do_three_recipes() -> None:
    for made in (seeds([0.5, 0.9]), [attempt(i, 0.3 * i, recipe(0.1**i)) for i in (1, 2, 3)], []):
        found = DETECTOR.detect(session(made))
        assert found.outcome == "not enough data"
        assert found.reads


@pytest.mark.parametrize("status", ["stopped", "diverged", "failed"])
def test_trainings_that_were_cut_off_do_not_count(status: str) -> None:
    made = [*seeds([0.9, 0.9]), attempt(3, 0.5, recipe(seed=9), status)]  # type: ignore[arg-type]
    assert DETECTOR.detect(session(made)).outcome == "not enough data"


def test_the_best_recipe_comes_first_and_another_will_do() -> None:
    calm, wild = seeds([0.9, 0.901, 0.899]), seeds([0.9, 0.6, 0.8, 0.5], lr=0.1, first=4)
    assert DETECTOR.detect(session([*calm, *wild], best=0)).outcome == "clear"
    assert DETECTOR.detect(session([*calm, *wild], best=4)).outcome == "fired"
    alone = attempt(9, 0.95, recipe(0.01))
    found = DETECTOR.detect(session([*calm, *wild, alone], best=-1))
    assert found.outcome == "fired"
    assert "one recipe" in found.reads


def test_the_seed_alone_makes_no_other_recipe_but_any_field_does() -> None:
    made = [
        attempt(i + 1, value, recipe(seed=i, **{"train.batch_size": 2**i}))
        for i, value in enumerate([0.5, 0.7, 0.9])
    ]
    assert DETECTOR.detect(session(made)).outcome == "not enough data"


def test_a_seed_of_the_best_recipe_that_does_not_train_is_called_unstable() -> None:
    best = attempt(4, 0.9, recipe(), divergence="clear", no_learning="clear")
    confirmed = attempt(9, None, recipe(seed=1000), "diverged", "confirmation", divergence="fired")
    found = DETECTOR.detect(session([best, confirmed]))
    assert found.outcome == "fired"
    assert "trial 9: divergence" in found.reads
    assert "instability" in found.reads


def test_a_fault_that_every_seed_has_is_none_between_seeds() -> None:
    made = [attempt(i, 0.5, recipe(seed=i), no_learning="fired") for i in (1, 2)]
    assert DETECTOR.detect(session(made)).outcome == "not enough data"


def test_a_trial_that_broke_down_for_another_reason_is_not_unstable() -> None:
    well = attempt(1, 0.9, recipe(), out_of_memory="clear")
    broken = attempt(2, None, recipe(seed=1), "failed", out_of_memory="fired")
    assert DETECTOR.detect(session([well, broken])).outcome == "not enough data"


def test_symptoms_of_not_training_exist_and_block() -> None:
    assert {DETECTORS[name].severity for name in NOT_TRAINING} == {"block"}


@pytest.mark.parametrize(
    ("values", "outcome"), [([50.0, 50.5, 49.5], "clear"), ([50.0, 70.0, 90.0], "fired")]
)
def test_errors_are_measured_against_those_of_chance(values: list[float], outcome: str) -> None:
    made = [attempt(i + 1, value, recipe(seed=i, **REGRESSION)) for i, value in enumerate(values)]
    found = DETECTOR.detect(session(made))
    assert found.outcome == outcome
    assert found.evidence["least"] == pytest.approx(0.005 * 80)
