"""Rows of small pictures: a gain's interval against zero, and a metric before and after."""

from __future__ import annotations

import math

from markupsafe import Markup

from advisor.report.charts import svg
from advisor.report.charts.scales import Scale, drawable, fitting, is_drawable
from advisor.report.model import Estimate, Interval, Outcome
from advisor.report.words import bounds, gain, short

WIDTH, HEIGHT, MIDDLE = 240.0, 44.0, 16.0
EDGE = 12.0


def forest_row(found: Interval | None, kind: str) -> Markup:
    """The interval of a gain on an axis of its own with zero in its middle; "" without one."""
    if found is None or not drawable([found.value]):
        return Markup("")
    reach = _round_up(max(map(abs, drawable([found.low, found.high, found.value])), default=0.0))
    axis = Scale(-reach, reach, EDGE, WIDTH - EDGE)
    low, high = bounds(found)
    label = f"{kind}: gain {gain(found)}, interval from {low} to {high}, against zero"
    root = svg.drawing(WIDTH, HEIGHT, label, "row")
    svg.line(root, (axis.start, MIDDLE), (axis.end, MIDDLE), "grid")
    svg.line(root, (axis(0), 3), (axis(0), MIDDLE + 13), "zero")
    ends = [
        axis(end if is_drawable(end) else math.copysign(reach, end))
        for end in (found.low, found.high)
        if not math.isnan(end)
    ]
    if len(ends) == 2:
        _bar(root, ends[0], ends[1], kind)
    svg.add(root, "circle", cx=axis(found.value), cy=MIDDLE, r=4.5, class_=f"dot {kind}")
    for value, at, anchor in (
        (-reach, 0.0, "start"),
        (0, axis(0), "middle"),
        (reach, WIDTH, "end"),
    ):
        svg.words(root, at, HEIGHT - 3, _reading(value), "tick", anchor)
    return svg.markup(root)


def _bar(root: svg.Element, low: float, high: float, kind: str) -> None:
    svg.line(root, (low, MIDDLE), (high, MIDDLE), f"bar {kind}")
    for end in (low, high):
        svg.line(root, (end, MIDDLE - 5), (end, MIDDLE + 5), f"cap {kind}")


def _reading(value: float) -> str:
    return "0" if value == 0 else ("+" if value > 0 else "") + short(value)


SMALLEST = 1e-300
"""Below, powers of ten lose their digits."""


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10... so that the axis ends in a round number."""
    if value < SMALLEST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= value * (1 - 1e-9))


def outcome_axis(outcomes: tuple[Outcome, ...]) -> Scale:
    """One axis for the rows of all outcomes."""
    found = [one for outcome in outcomes for one in (outcome.before, outcome.after) if one]
    return fitting(
        [value for one in found for value in (one.value, one.low, one.high)],
        EDGE,
        WIDTH - EDGE,
        log=False,
    )


def outcome_row(outcome: Outcome, axis: Scale) -> Markup:
    """Hollow before, filled after, each with its interval; "" where neither can be drawn."""
    before, after = outcome.before, outcome.after
    shown = [one for one in (before, after) if one and is_drawable(one.value)]
    if not shown:
        return Markup("")
    said = [
        f"{name} {short(one.value)}" for name, one in (("before", before), ("after", after)) if one
    ]
    root = svg.drawing(WIDTH, HEIGHT, f"{outcome.name}: {', '.join(said)}", "row")
    svg.line(root, (axis.start, MIDDLE), (axis.end, MIDDLE), "grid")
    for tick in axis.ticks(4):
        svg.line(root, (axis(tick), MIDDLE + 6), (axis(tick), MIDDLE + 11), "axis")
        svg.words(root, axis(tick), HEIGHT - 3, short(tick), "tick", "middle")
    if len(shown) == 2:
        first, last = (axis(one.value) for one in shown)
        svg.line(root, (first, MIDDLE), (last, MIDDLE), "way")
    for one, kind in ((before, "before"), (after, "after")):
        if one in shown and one is not None:
            _estimate(root, one, axis, kind)
    return svg.markup(root)


def _estimate(root: svg.Element, found: Estimate, axis: Scale, kind: str) -> None:
    if found.low is not None and found.high is not None and found.low <= found.high:  # no NaN
        _bar(root, axis(found.low), axis(found.high), kind)
    svg.add(root, "circle", cx=axis(found.value), cy=MIDDLE, r=5, class_=f"dot {kind}")
