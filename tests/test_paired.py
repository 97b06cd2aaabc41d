from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from advisor.paired import MOST_RESAMPLED, bootstrap, discordant, mcnemar

COUNTS = st.integers(0, 60)


@given(COUNTS, COUNTS)
def test_mcnemar_is_the_exact_binomial_test(better: int, worse: int) -> None:
    expected = binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert mcnemar(better, worse) == pytest.approx(expected, abs=1e-12)
    assert mcnemar(better, worse) == mcnemar(worse, better)


def test_examples_count_by_their_mean_over_seeds() -> None:
    gains = np.array([[1.0, -1.0, 0.0, 1.0], [-1.0, -1.0, 0.0, 0.0]])
    assert discordant(gains) == (1, 1)


def test_a_gain_that_rests_on_one_example_is_none() -> None:
    """The standard error alone would call this a gain of 2 deviations; without that example there
    is nothing."""
    gains = np.zeros(50)
    gains[0] = 50.0
    found = bootstrap(gains)
    assert found is not None
    assert found[0] <= 0.0 < found[1]


@given(st.integers(0, 1000))
def test_the_interval_holds_the_mean_of_a_plain_sample(seed: int) -> None:
    gains = np.random.default_rng(seed).normal(0.5, 1.0, 200)
    found = bootstrap(gains)
    assert found is not None
    low, high = found
    error = gains.std() / np.sqrt(len(gains))
    assert low < gains.mean() < high
    assert high - low == pytest.approx(2 * 2.12 * error, rel=0.2)


def test_many_examples_need_no_resampling() -> None:
    assert bootstrap(np.zeros(MOST_RESAMPLED + 1)) is None
