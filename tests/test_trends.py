from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.trends import (
    block_means,
    deviation,
    falling,
    finite_median,
    held,
    jitter,
    log_slope,
    median,
    running_median,
    scatter,
    thinned,
)

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(-1e9, 1e9)


@given(st.lists(FLOATS, min_size=1, max_size=40))
def test_the_median_is_that_of_numpy(values: list[float]) -> None:
    with np.errstate(all="ignore"):
        ours, theirs = median(np.array(values)), float(np.median(values))
    assert repr(ours) == repr(theirs)


@given(st.lists(FINITE, min_size=5, max_size=40), st.sampled_from([3, 5]))
def test_running_medians_are_those_of_the_windows(
    values: list[float], width: Literal[3, 5]
) -> None:
    expected = [float(np.median(values[i : i + width])) for i in range(len(values) - width + 1)]
    assert running_median(np.array(values), width).tolist() == expected


@given(st.lists(FINITE, min_size=4, max_size=40))
def test_pairs_that_fall_and_rise_are_counted(values: list[float]) -> None:
    n = len(values)
    pairs = [np.sign(values[j] - values[i]) for i in range(n) for j in range(i + 1, n)]
    total = float(sum(pairs))
    z = (total + np.sign(-total)) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    assert falling(np.array(values)) == 0.5 * math.erfc(-z / math.sqrt(2))


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


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=300), st.integers(1, 40))
def test_means_of_blocks_use_every_value_once(values: list[float], blocks: int) -> None:
    blocks = min(blocks, len(values))
    found = block_means(np.array(values), blocks)
    sizes = np.diff(np.arange(blocks + 1) * len(values) // blocks)
    assert len(found) == blocks
    assert float(found @ sizes) == pytest.approx(sum(values), abs=1e-6)


def test_thinning_keeps_quantiles_and_leaves_short_series_alone() -> None:
    long = np.random.default_rng(0).standard_normal(1_000_001)
    assert 100_000 <= len(thinned(long)) < 200_000
    assert float(np.percentile(thinned(long), 99)) == pytest.approx(2.326, abs=0.05)
    assert len(thinned(long[:5000])) == 5000


def test_deviations_are_those_of_normal_noise_whatever_the_course() -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal(5000)
    line = np.linspace(0, 50, 5000)
    assert deviation(np.append(noise, [1e6] * 500)) == pytest.approx(0.3, rel=0.2)
    assert jitter(noise + line) == pytest.approx(0.3, rel=0.1)
    assert scatter(noise + line) == pytest.approx(0.3, rel=0.05)
    assert jitter(line[:3]) is None
    assert scatter(line[:3]) is None


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], False),
        ([True], False),
        ([True, True], True),
        ([True, False, True], True),
        ([True, True, False, False], False),
    ],
)
def test_two_of_three_checks(checks: list[bool], expected: bool) -> None:
    assert held(checks) is expected
