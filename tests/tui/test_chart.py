"""Axes, dots, and the chart made of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from advisor.tui.axis import Axis, label, round_step
from advisor.tui.chart import Chart, Series, letters_of
from advisor.tui.dots import Dots, places

FLOATS = st.floats(-1e6, 1e6)


class Charted(App[None]):
    def compose(self) -> ComposeResult:
        yield Chart()


async def drawn(*series: Series, log: bool = False, size: tuple[int, int] = (60, 14)) -> list[str]:
    app = Charted()
    async with app.run_test(size=size) as pilot:
        chart = app.query_one(Chart)
        chart.show(series, log=log, title="loss")
        await pilot.pause()
        return [chart.render_line(y).text for y in range(chart.size.height)]


@given(st.lists(FLOATS, min_size=1, max_size=20), st.integers(2, 12))
def test_ticks_are_few_and_within(values: list[float], most: int) -> None:
    axis = Axis.around(values)
    assert axis is not None
    ticks = axis.ticks(most)
    assert len(ticks) <= most
    span = axis.high - axis.low
    assert all(axis.low - 1e-6 * span <= tick <= axis.high + 1e-6 * span for tick in ticks)


@given(st.floats(1e-12, 1e12))
def test_a_step_is_round_and_not_below(least: float) -> None:
    step = round_step(least)
    assert step >= least * (1 - 1e-6)
    assert step <= 10 * least * (1 + 1e-6)
    digits = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert any(math.isclose(digits, wanted, rel_tol=1e-6) for wanted in (1, 2, 2.5, 5, 10))


def test_a_log_axis_counts_in_powers() -> None:
    axis = Axis.around([1e-4, 1.0], log=True)
    assert axis is not None
    assert axis.ticks(9) == [1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert axis.share(1e-2) == pytest.approx(0.5)
    assert axis.share(-1.0) is None


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
def test_without_values_there_is_no_axis(values: list[float]) -> None:
    assert Axis.around(values) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_labels_are_short(value: float) -> None:
    assert len(label(value)) <= 9


@given(st.lists(st.tuples(FLOATS, FLOATS | st.just(math.nan)), max_size=50))
def test_no_dot_lies_outside(points: list[tuple[float, float]]) -> None:
    xs, ys = sorted(x for x, _ in points), [y for _, y in points]
    across, up = Axis.around(xs), Axis.around(ys)
    if across is None or up is None:
        return
    for found in places(xs, ys, across, up, 30, 8):
        assert found is None or (0 <= found[0] < 60 and 0 <= found[1] < 32)


def test_lines_differ_without_colour() -> None:
    rows = []
    for line in ("solid", "dashed", "dotted"):
        dots = Dots(20, 1)
        dots.draw([(0, 0), (39, 0)], 0, line)  # type: ignore[arg-type]
        rows.append(dots.text(0))
    assert len(set(rows)) == 3


def test_each_curve_has_a_letter_of_its_own() -> None:
    names = ("validation", "train", "incumbent", "trial 3", "trial 4", "!")
    letters = letters_of([Series(name, [], []) for name in names])
    assert letters[:3] == ("V", "T", "I")
    assert len(set(letters)) == len(letters)


async def test_curves_are_named_and_marked_at_their_ends() -> None:
    x = [float(n) for n in range(10)]
    lines = await drawn(
        Series("validation", x, [2.0 - n / 10 for n in range(10)], "validation"),
        Series("train", x, [1.0 - n / 10 for n in range(10)], "train"),
    )
    assert "V ── validation 1.1" in lines[0]
    assert any(line.rstrip().endswith("V") for line in lines[1:])
    assert any(line.rstrip().endswith("T") for line in lines[1:])
    assert lines[-1].rstrip().endswith("epoch")


@pytest.mark.parametrize(
    ("width", "head"),
    [
        (60, "loss  V ── validation 1.1  T ╌╌ train 0.1"),
        (30, "loss  V 1.1  T 0.1"),
        (17, "loss  V  T"),
    ],
)
async def test_the_legend_says_what_there_is_room_for(width: int, head: str) -> None:
    x = [float(n) for n in range(10)]
    curves = [Series(name, x, [start - n / 10 for n in range(10)], role)
              for name, start, role in (("validation", 2.0, "validation"), ("train", 1.0, "train"))]  # type: ignore[arg-type] # fmt: skip
    lines = await drawn(*curves, size=(width, 14))
    assert lines[0].rstrip() == head


@pytest.mark.parametrize(("width", "last"), [(31, 8), (31, 2000), (90, 8), (90, 40), (20, 3)])
async def test_epochs_are_counted_in_whole_numbers(width: int, last: int) -> None:
    x = [last * n / 20 for n in range(21)]
    lines = await drawn(Series("a", x, x), size=(width, 14))
    ticks = lines[-1].replace("epoch", " ").split()
    assert len(ticks) >= 2
    assert all(tick.isdigit() for tick in ticks)


async def test_values_that_are_not_finite_are_gaps() -> None:
    lines = await drawn(Series("a", [0, 1, 2, 3], [1.0, math.nan, math.inf, 2.0]))
    assert "nothing to draw" not in "".join(lines)
    assert "nothing to draw" in "".join(await drawn(Series("a", [0], [math.nan])))


async def test_a_log_chart_says_so() -> None:
    lines = await drawn(Series("a", [0, 1, 2], [1.0, 0.1, 0.01]), log=True)
    assert lines[0].startswith("loss (log)")
    assert any(line.lstrip().startswith("0.1┤") for line in lines)


@pytest.mark.parametrize("size", [(4, 1), (12, 3), (17, 5), (200, 60)])
async def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    lines = await drawn(Series("a", [0, 1, 2], [1.0, 5.0, 2.0]), size=size)
    assert len({len(line) for line in lines}) == 1


async def test_names_are_no_markup() -> None:
    lines = await drawn(Series("[red]x[/]\x1b[2J", [0, 1], [1.0, 2.0]), size=(80, 14))
    assert "[red]x[/]\\x1b[2J" in lines[0]
