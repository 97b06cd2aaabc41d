from __future__ import annotations

import math

import pytest

from advisor.evidence import Comparison, Z
from advisor.report.gather.intervals import interval

WIDE = Comparison(0.46, 0.2, 1, 100, least=0.05 / math.sqrt(2))


def test_nobody_gains_more_than_what_is_missing() -> None:
    found = interval("accuracy", WIDE, 0.5, 0.96)
    assert found.own
    assert (found.low, found.high) == (pytest.approx(0.46 - Z * 0.2), 0.5)
    assert found.examples == (pytest.approx(0.46 - Z * 0.05), 0.5)


def test_an_error_cannot_fall_below_zero() -> None:
    found = interval("rmse", Comparison(3.0, 5.0, 1, 100), 10.0, 7.0)
    assert found.high == 10.0
    assert found.low == pytest.approx(3.0 - Z * 5.0)


def test_r2_has_no_lower_end() -> None:
    found = interval("r2", Comparison(0.2, 0.5, 1, 100), 0.4, 0.6)
    assert found.high == pytest.approx(0.6)
    assert found.low == pytest.approx(0.2 - Z * 0.5)


def test_a_gain_of_other_seeds_is_told_apart() -> None:
    found = interval("r2", Comparison(0.02, 0.01, 2, 100), 0.42, 0.4657)
    assert not found.own
    assert found.seeds == 2
    assert found.value == 0.02
    wide = interval("accuracy", Comparison(0.6, 0.5, 3, 100), 0.5, 0.9)
    assert (wide.low, wide.high) == (pytest.approx(0.6 - Z * 0.5), 1.0)


def test_without_values_there_is_nothing_to_tell_apart() -> None:
    assert interval("accuracy", WIDE, None, None).own
