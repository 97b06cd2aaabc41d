"""Gate 4's statistics against values worked out by hand, and properties that must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.compare import judge, tost
from advisor.compare.equivalence import ALPHA, seeds_to_decide
from advisor.compare.margins import comparable, default_margin

DIFFERENCES = st.lists(
    st.floats(-1, 1, allow_subnormal=False).map(lambda x: round(x, 6)), min_size=3, max_size=12
)
MARGINS = st.floats(1e-4, 2)
RANK = {"different": 0, "undecided": 1, "equivalent": 2}


def test_worked_by_hand() -> None:
    """Mean 0.002, deviation sqrt(10e-6 / 4); t(0.95, 4) = 2.131847; error deviation / sqrt(5)."""
    found = tost([0.0, 0.001, 0.002, 0.003, 0.004], 0.01)
    error = math.sqrt(2.5e-6) / math.sqrt(5)
    assert found.mean == pytest.approx(0.002)
    assert found.deviation == pytest.approx(math.sqrt(2.5e-6))
    assert found.low == pytest.approx(0.002 - 2.131847 * error, rel=1e-6)
    assert found.high == pytest.approx(0.002 + 2.131847 * error, rel=1e-6)
    # t = 0.008 / 0.000707107 = 11.3137; with 4 degrees of freedom the tail has a closed form
    t = 0.008 / error
    x = t / math.sqrt(4 + t * t)
    assert found.p == pytest.approx(0.5 - 0.5 * x * (1 + 0.5 * (1 - x * x)), rel=1e-6)
    assert found.outcome == "equivalent"


@pytest.mark.parametrize(
    ("differences", "margin", "outcome"),
    [
        ([0.02, 0.021, 0.019], 0.01, "different"),
        ([-0.02, -0.021, -0.019], 0.01, "different"),
        ([0.02, -0.02, 0.01, 0.0], 0.01, "undecided"),
        ([0.009, 0.0095, 0.0105, 0.011], 0.01, "undecided"),
        ([0.0, 0.0, 0.0], 0.01, "equivalent"),
        ([0.02, 0.02, 0.02], 0.01, "different"),
        ([0.0, 0.0], 0.01, "not enough seeds"),
        ([], 0.01, "not enough seeds"),
    ],
)
def test_outcomes(differences: list[float], margin: float, outcome: str) -> None:
    assert tost(differences, margin).outcome == outcome


def test_a_margin_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        tost([0.0, 0.0, 0.0], 0.0)


@settings(deadline=None)
@given(DIFFERENCES, MARGINS, MARGINS)
def test_a_wider_margin_never_speaks_against_equivalence(
    differences: list[float], one: float, other: float
) -> None:
    narrow, wide = sorted((one, other))
    assert RANK[tost(differences, narrow).outcome] <= RANK[tost(differences, wide).outcome]


@settings(deadline=None)
@given(DIFFERENCES, MARGINS)
def test_swapping_the_backends_changes_signs_only(differences: list[float], margin: float) -> None:
    one, other = tost(differences, margin), tost([-d for d in differences], margin)
    assert (one.outcome, one.p) == (other.outcome, other.p)
    assert one.low == pytest.approx(-other.high)
    assert one.high == pytest.approx(-other.low)


@settings(deadline=None)
@given(DIFFERENCES, MARGINS)
def test_the_outcome_is_what_the_interval_says(differences: list[float], margin: float) -> None:
    found = tost(differences, margin)
    assume(all(abs(abs(end) - margin) > 1e-9 for end in (found.low, found.high)))
    inside = -margin < found.low and found.high < margin
    beyond = found.low > margin or found.high < -margin
    assert found.outcome == ("equivalent" if inside else "different" if beyond else "undecided")


def test_error_rates_hold_on_the_margin() -> None:
    """A true difference on the margin is called equivalent, or different, in 5 % of cases each."""
    drawn = np.random.default_rng(0).normal(0.01, 0.004, (1500, 5))
    outcomes = [tost(row.tolist(), 0.01).outcome for row in drawn]
    for outcome in ("equivalent", "different"):
        assert outcomes.count(outcome) / len(outcomes) == pytest.approx(ALPHA, abs=0.02)


def test_the_seeds_that_would_decide() -> None:
    found = tost([0.02, -0.02, 0.01, 0.0], 0.01)
    needed = seeds_to_decide(found)
    assert needed is not None
    assert needed > 4
    for count, outcome in ((needed, "equivalent"), (needed - 1, "undecided")):
        drawn = np.random.default_rng(0).normal(size=count)
        standard = (drawn - drawn.mean()) / drawn.std(ddof=1)
        assert tost((found.mean + found.deviation * standard).tolist(), 0.01).outcome == outcome
    assert seeds_to_decide(tost([0.01, 0.03, -0.01], 0.01)) is None


def test_a_failure_on_one_side_is_never_equivalence() -> None:
    fine = dict[int, float | None].fromkeys(range(5), 0.9)
    once = fine | {2: None}
    assert judge(fine, fine, 0.01).outcome == "equivalent"
    assert judge(fine, once, 0.01).outcome == "undecided"
    assert judge(fine, once, 0.01).failed == (0, 1)
    assert judge(once, fine, 0.01).failed == (1, 0)
    assert judge(once, once, 0.01).outcome == "equivalent"
    never = dict.fromkeys(range(5))
    assert judge(fine, never, 0.01).outcome == "different"
    assert judge(never, never, 0.01).outcome == "not enough seeds"


def test_scales_of_metrics() -> None:
    assert default_margin("accuracy", 0.1) == 0.01
    assert default_margin("rmse", 50.0) == pytest.approx(0.5)
    assert default_margin("perplexity", 5000.0) == 0.01
    assert comparable("accuracy", 0.9) == 0.9
    assert comparable("rmse", 3.0) == -3.0
    assert comparable("perplexity", math.e**2) == pytest.approx(-2)
    assert comparable("accuracy", math.nan) is None
    assert comparable("accuracy", None) is None
