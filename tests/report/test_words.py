from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report import words
from advisor.report.model import Interval

ANY = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.25, "0.25"),
        (-3.0, "\N{MINUS SIGN}3"),
        (1e-5, "10⁻⁵"),
        (3e8, "3·10⁸"),
        (-1e7, "\N{MINUS SIGN}1·10⁷"),
    ],
)
def test_numbers_on_an_axis(value: float, text: str) -> None:
    assert words.short(value) == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Interval(0.61, 0.4098, 0.8103), "+0.61, interval [+0.41, +0.81]"),
        (Interval(0.0028, -0.0156, 0.0212), "+0.003, interval [\N{MINUS SIGN}0.016, +0.021]"),
        (Interval(-0.2, -15.0, 14.0), "0, interval [\N{MINUS SIGN}15, +14]"),
        (Interval(12.3, -130.0, 160.0), "+12, interval [\N{MINUS SIGN}130, +160]"),
    ],
)
def test_a_gain_has_the_digits_that_its_interval_allows(found: Interval, text: str) -> None:
    assert words.gained(found) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25 s"), (42.4, "42 s"), (250, "4 min 10 s"), (7500, "2 h 5 min"), (-1, "unknown")],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@given(st.builds(Interval, ANY, ANY, ANY), ANY)
def test_any_number_has_a_text(found: Interval, value: float) -> None:
    for text in (words.gained(found), words.short(value), words.duration(value)):
        assert 0 < len(text) < 80
    assert words.percent(value)
    assert words.short(value) != words.short(-value) or value == 0 or math.isnan(value)
