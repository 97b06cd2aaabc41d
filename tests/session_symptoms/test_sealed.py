from __future__ import annotations

import numpy as np
import pytest

from advisor.session_symptoms.sealed import DETECTOR
from advisor.symptoms import Finding
from tests.session_symptoms.states import HELD_OUT, REGRESSION, attempt, recipe, session


def opened(validation: float, test: float, examples: float = HELD_OUT) -> Finding:
    facts = {"best_metric": test, "best_examples": examples}
    return DETECTOR.detect(session([attempt(1, validation, recipe())], test=facts))


def test_a_test_set_that_is_worse_beyond_noise() -> None:
    found = opened(0.90, 0.80)
    assert found.outcome == "fired"
    assert "0.1 worse" in found.reads
    assert opened(0.90, 0.88).outcome == "clear"


def test_a_better_one_is_good_news() -> None:
    found = opened(0.80, 0.90)
    assert found.outcome == "clear"
    assert "0.1 better" in found.reads


def test_the_error_is_that_of_two_independent_shares() -> None:
    expected = np.sqrt(0.85 * 0.15 * (1 / HELD_OUT + 1 / HELD_OUT))
    assert opened(0.90, 0.80).evidence["error"] == pytest.approx(expected)
    assert opened(0.90, 0.80, examples=20).outcome == "clear"


def test_sets_that_are_alike_fire_once_in_forty() -> None:
    random = np.random.default_rng(0)
    drawn = random.binomial([HELD_OUT, 400], 0.9, (400, 2)) / [HELD_OUT, 400]
    fired = [opened(held_out, test, 400).outcome == "fired" for held_out, test in drawn]
    assert 0.005 < np.mean(fired) < 0.05


def test_a_perfect_score_is_not_taken_for_certain() -> None:
    made = [attempt(1, 1.0, recipe(), held_out=100)]
    facts = {"best_metric": 0.97, "best_examples": 100.0}
    assert DETECTOR.detect(session(made, test=facts)).outcome == "clear"


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        (None, "not opened"),
        ({"baseline_metric": 0.9, "baseline_examples": 100.0}, "not opened"),
        ({"best_metric": 0.9}, "how many examples"),
    ],
)
def test_a_sealed_test_set_says_nothing(facts: dict[str, float] | None, missing: str) -> None:
    found = DETECTOR.detect(session([attempt(1, 0.9, recipe())], test=facts))
    assert found.outcome == "not enough data"
    assert missing in found.reads


def test_numbers_that_are_not_finite_decide_nothing() -> None:
    assert opened(0.9, float("nan")).outcome == "not enough data"
    assert opened(float("nan"), 0.9).outcome == "not enough data"


def test_of_errors_more_is_worse() -> None:
    made = [attempt(1, 50.0, recipe(**REGRESSION))]
    for value, outcome in ((60.0, "fired"), (40.0, "clear"), (51.0, "clear")):
        facts = {"best_metric": value, "best_examples": 500.0}
        assert DETECTOR.detect(session(made, test=facts)).outcome == outcome
