from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.events import LayerReport, StepsDone
from advisor.timeline import SMOOTHING, Series, Timeline

NUMBERS = st.lists(st.floats(-1e3, 1e3) | st.sampled_from([math.nan, math.inf]), max_size=60)


def steps(losses: list[float], **others: object) -> StepsDone:
    values = {"grad_norm": [1.0] * len(losses), "lr": [0.1] * len(losses), "layers": {}, **others}
    return StepsDone(0, 0.0, losses, seconds=0.0, **values)  # type: ignore[arg-type]


def averaged(losses: list[float]) -> list[float]:
    """As it is defined: a loop over the losses."""
    found, average = [], 0.0
    for i, loss in enumerate(losses):
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        corrected = average / (1 - SMOOTHING ** (i + 1))
        found.append(float(np.median(losses[max(0, i - 4) : i + 1])) if i < 50 else corrected)
    return found


@given(st.lists(NUMBERS, max_size=8))
def test_a_series_is_all_that_was_added_whenever_it_is_read(parts: list[list[float]]) -> None:
    series, whole = Series(), []
    for part in parts:
        series.extend(part)
        whole += part
        np.testing.assert_array_equal(series.values, np.array(whole, dtype=float))
    finite = [value for value in whole if math.isfinite(value)]
    assert series.finite == (len(finite) == len(whole))
    assert series.lowest == min(finite, default=math.inf)
    assert series.highest == max(finite, default=-math.inf)


def test_what_was_read_does_not_change_and_cannot_be_changed() -> None:
    series = Series()
    series.extend([1.0, 2.0])
    before = series.values
    series.extend([3.0] * 1000)
    assert before.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 5.0


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 1500), max_size=6))
def test_the_average_is_that_of_a_plain_loop_and_the_same_for_any_cut(
    seed: int, cuts: list[int]
) -> None:
    losses = np.random.default_rng(seed).exponential(size=1500).tolist()
    cut, whole = Timeline(), Timeline([steps(losses)])
    edges = [0, *sorted(cuts), 1500]
    for begin, end in pairwise(edges):
        cut.add(steps(losses[begin:end]))
        assert len(cut.smooth_losses.values) == end
    found = whole.smooth_losses.values
    np.testing.assert_allclose(found, averaged(losses), rtol=1e-11)
    np.testing.assert_array_equal(cut.smooth_losses.values, found)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_spoils_what_follows_and_nothing_before(bad: float) -> None:
    smooth = Timeline([steps([1.0] * 100 + [bad] + [1.0] * 100)]).smooth_losses.values
    np.testing.assert_allclose(smooth[:100], 1.0)
    assert not np.isfinite(smooth[100:]).any()


def test_rates_and_norms_that_were_not_reported_are_nan() -> None:
    timeline = Timeline([steps([1.0, 2.0], lr=[], grad_norm=[3.0])])
    assert np.isnan(timeline.rates.values).all()
    np.testing.assert_array_equal(timeline.grad_norms.values, [3.0, math.nan])


def test_layers_are_those_of_the_last_report_that_had_any() -> None:
    report = {"a.kernel": LayerReport(1.0, 2.0, 1e-3)}
    timeline = Timeline([steps([1.0]), steps([1.0], layers=report), steps([1.0] * 3)])
    assert timeline.layer_names == ("a.kernel",)
    assert timeline.layers["a.kernel"].ends.values.tolist() == [2.0]
    assert len(timeline) == 3
    assert timeline[1:] == [timeline[1], timeline[2]]


def test_what_is_no_number_is_nan() -> None:
    series = Series()
    series.extend([1.0, None])  # type: ignore[list-item]
    assert series.values.tolist() == pytest.approx([1.0, math.nan], nan_ok=True)
    assert not series.finite


def test_reports_hold_what_is_known_of_a_run_of_steps_as_a_whole() -> None:
    told = Timeline([steps([1.0, 2.0], wait_seconds=0.5), steps([3.0], gradient_kept=True)])
    reports = told.reports
    np.testing.assert_array_equal(reports.sizes.values, [2, 1])
    np.testing.assert_array_equal(reports.waits.values, [0.5, math.nan])
    np.testing.assert_array_equal(reports.kept.values, [math.nan, 1.0])
