from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from advisor.report.charts.scales import Scale, fitting, is_drawable, whole
from advisor.report.charts.thinning import thinned

ANY = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1e-300, 1e29, -1e29, 5e-324]))
LOG = st.sampled_from([None, True, False])


@given(st.lists(ANY, max_size=40), LOG)
def test_any_values_fit_on_an_axis(values: list[float | None], log: bool | None) -> None:
    scale = fitting(values, 10.0, 300.0, log)
    for value in values:
        if value is not None and is_drawable(value):
            assert 10 - 1e-6 <= scale(value) <= 300 + 1e-6
    ticks = scale.ticks(4)
    assert len(ticks) <= 16
    assert all(math.isfinite(tick) for tick in ticks)


@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=40, unique=True), st.booleans())
def test_an_axis_keeps_the_order(values: list[float], log: bool) -> None:
    scale = whole(values, 0.0, 100.0, log)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)


def test_ticks_are_round() -> None:
    assert Scale(0.07, 1.02, 0, 1).ticks(4) == (0.25, 0.5, 0.75, 1.0)
    assert Scale(1e-6, 0.09, 0, 1, log=True).ticks(5) == (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    assert Scale(1.5, 9.0, 0, 1, log=True).ticks(5) == (2.0, 5.0)


def test_values_of_very_different_size_are_shown_by_their_order() -> None:
    assert fitting([0.007, 2.3], 0, 1).log
    assert not fitting([0.5, 2.3], 0, 1).log
    assert not fitting([-0.5, 1000.0], 0, 1).log


def test_a_few_values_far_out_do_not_flatten_the_rest() -> None:
    scale = fitting([*(n / 20 for n in range(20)), -1e6], 0, 1, log=False)
    assert scale(0.9) - scale(0.1) > 0.05
    assert scale(-1e6) == scale(scale.low)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats()), max_size=600), st.integers(8, 100))
def test_thinning_keeps_ends_and_spikes(points: list[tuple[float, float]], most: int) -> None:
    kept = thinned(tuple(points), most)
    assert len(kept) <= max(most + most // 4 + 5, 0) or len(points) <= most
    if not points:
        return
    assert kept[0] is points[0]
    assert kept[-1] is points[-1]
    seen = [value for _, value in points if is_drawable(value)]
    if seen:
        assert {min(seen), max(seen)} <= {value for _, value in kept}
