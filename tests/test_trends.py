from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.trends import falling, finite_median, log_slope


def test_a_falling_series_is_seen_and_a_rising_one_is_not() -> None:
    series = np.linspace(1.0, 0.0, 20)
    down, up = falling(series), falling(series[::-1])
    assert down is not None
    assert up is not None
    assert down < 1e-6
    assert up > 0.999


def test_four_values_all_falling_are_just_enough() -> None:
    assert falling(np.array([4.0, 3.0, 2.0])) is None
    p = falling(np.array([4.0, 3.0, 2.0, 1.0]))
    assert p == pytest.approx(1 / 24, abs=0.01)  # the exact value


def test_noise_is_called_falling_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    found = [falling(random.standard_normal(30)) for _ in range(600)]
    share = float(np.mean([p is not None and p < 0.05 for p in found]))
    assert 0.02 < share < 0.08


@given(st.floats(-3, 3), st.floats(0.1, 2.0))
def test_the_slope_of_an_exponential_is_its_rate(rate: float, span: float) -> None:
    x = (np.arange(240) + 0.5) / 240 * span
    found = log_slope(np.exp(rate * x), span)
    assert found is not None
    assert found[0] == pytest.approx(rate, rel=0.02, abs=1e-6)


def test_a_slope_within_noise_has_a_small_t() -> None:
    random = np.random.default_rng(1)
    found = log_slope(np.exp(0.3 * random.standard_normal(1200)), 1.0)
    assert found is not None
    assert abs(found[1]) < 3.2
    assert log_slope(np.ones(10), 1.0) is None
    assert log_slope(np.full(100, math.nan), 1.0) is None


def test_median_of_what_is_finite() -> None:
    assert finite_median(np.array([1.0, math.nan, 3.0, math.inf])) == 2.0
    assert finite_median(np.array([math.nan])) is None
