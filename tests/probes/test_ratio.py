from __future__ import annotations

import numpy as np
import pytest

from advisor.probes.ratio import ratio_of_means


def test_figures_without_spread_give_a_point() -> None:
    found = ratio_of_means(np.full(8, 6.0), np.full(8, 2.0))
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 3.0, 3.0))


def test_the_interval_holds_the_ratio_as_often_as_it_says() -> None:
    random, held = np.random.default_rng(1), 0
    for _ in range(1000):
        under = random.normal(2.0, 1.0, 8)
        over = random.normal(6.0, 2.0, 8) + under
        found = ratio_of_means(over, under)
        low, high = found.low or 0.0, np.inf if found.high is None else found.high
        held += low <= 4.0 <= high
    assert 930 <= held <= 970


def test_a_denominator_that_may_be_nothing_leaves_the_upper_end_open() -> None:
    under = np.array([-1.0, 1.2, -0.9, 1.1, 0.8, -0.7, 1.0, -0.6])
    found = ratio_of_means(np.array([5.0, 5.1, 4.9, 5.0, 5.2, 4.8, 5.0, 5.0]), under)
    assert found.high is None
    assert found.low is not None
    assert found.low > 1.0


def test_a_negative_denominator_has_no_ratio() -> None:
    assert ratio_of_means(np.array([5.0, 5.1, 4.9]), np.array([-1.0, -1.1, -0.9])).value is None
