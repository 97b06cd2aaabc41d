"""Charts of whatever numbers there are: well-formed, within their frame, and nothing but numbers
where numbers belong."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report import charts
from advisor.report.charts import Sheet
from advisor.report.model import Course, Estimate, Interval, Mark, Outcome

ANY = st.floats()
POINT = st.tuples(st.floats(allow_nan=True), ANY)
NAME = st.text(max_size=12)
MAYBE = st.one_of(st.none(), ANY)
GEOMETRY = ("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "d")


def check(drawn: str) -> ElementTree.Element | None:
    """Whether it is a picture with a label whose numbers are all finite; None for no picture."""
    if not drawn:
        return None
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    width, height = (float(root.get(name, "")) for name in ("width", "height"))
    for element in root.iter():
        for name in GEOMETRY:
            value = element.get(name, "")
            assert "nan" not in value
            assert "inf" not in value
        for x in ("x", "cx", "x1", "x2"):
            assert -60 <= float(element.get(x, "0")) <= width + 60
        for y in ("cy", "y1", "y2"):
            assert -5 <= float(element.get(y, "0")) <= height + 5
    return root


def path_points(root: ElementTree.Element) -> int:
    return sum(len(re.findall("[ML]", each.get("d", ""))) for each in root.iter("path"))


@given(
    st.dictionaries(NAME, st.lists(POINT, max_size=30).map(tuple), max_size=4),
    st.booleans(),
    st.sampled_from([None, True, False]),
    st.one_of(st.none(), st.tuples(ANY, NAME)),
    st.dictionaries(NAME, ANY, max_size=3),
    st.booleans(),
)
def test_any_lines_can_be_drawn(
    lines: dict[str, tuple[tuple[float, float], ...]],
    log_x: bool,
    log_y: bool | None,
    level: tuple[float, str] | None,
    places: dict[str, float],
    stepped: bool,
) -> None:
    dots = {name: points[0] for name, points in lines.items() if points}
    sheet = Sheet(
        "any lines",
        "across",
        "up",
        log_x=log_x,
        log_y=log_y,
        level=level,
        places=places,
        stepped=stepped,
        dots=dots,
    )
    check(charts.line_plot(lines, sheet))


@given(st.one_of(st.none(), st.builds(Interval, ANY, ANY, ANY)), NAME)
def test_any_gain_can_be_drawn(found: Interval | None, kind: str) -> None:
    check(charts.forest_row(found, kind))


@given(
    st.lists(
        st.builds(
            Outcome,
            NAME,
            NAME,
            st.one_of(st.none(), st.builds(Estimate, ANY, MAYBE, MAYBE)),
            st.one_of(st.none(), st.builds(Estimate, ANY, MAYBE, MAYBE)),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple)
)
def test_any_outcome_can_be_drawn(found: tuple[Outcome, ...]) -> None:
    axis = charts.outcome_axis(found)
    for outcome in found:
        check(charts.outcome_row(outcome, axis))


@given(
    st.lists(
        st.builds(
            Mark,
            st.integers(1, 99),
            st.floats(0, 1e9),
            MAYBE,
            st.sampled_from(["rejected", "accepted", "undecided", "repeat"]),
        ),
        max_size=20,
    ),
    st.sampled_from([400.0, 1040.0]),
)
def test_any_course_can_be_drawn(marks: list[Mark], width: float) -> None:
    line = tuple((mark.spent, mark.value) for mark in marks if mark.value is not None)
    total = max((mark.spent for mark in marks), default=0.0)
    check(charts.course_plot(Course(tuple(marks), line, total), (), "accuracy", width))


@given(st.lists(st.tuples(NAME, st.floats(0, 1e300, allow_nan=False), NAME), max_size=6))
def test_any_parts_can_be_drawn(parts: list[tuple[str, float, str]]) -> None:
    check(charts.parts_bar(parts))


def test_nothing_to_draw_gives_nothing() -> None:
    nan, sheet = float("nan"), Sheet("", "x", "y")
    assert charts.line_plot({}, sheet) == ""
    assert charts.line_plot({"a": ()}, sheet) == ""
    assert charts.line_plot({"a": ((0.0, nan), (1.0, float("inf")))}, sheet) == ""
    assert charts.forest_row(None, "accepted") == ""
    assert charts.course_plot(Course((), (), 0.0), (), "r2", 400) == ""


def test_a_gap_breaks_the_line_and_a_lone_point_is_a_dot() -> None:
    points = ((0.0, 1.0), (1.0, float("nan")), (2.0, 2.0), (3.0, 3.0))
    root = check(charts.line_plot({"a": points}, Sheet("gap", "x", "y")))
    assert root is not None
    path = next(each.get("d", "") for each in root.iter("path"))
    assert path.count("M") == 2
    assert path.count("L") == 1
    assert "h0" in path


def test_long_lines_are_drawn_with_few_points() -> None:
    points = tuple((float(n), float(n % 7)) for n in range(100_000))
    root = check(charts.line_plot({"a": points}, Sheet("long", "x", "y")))
    assert root is not None
    assert path_points(root) < 400


@pytest.mark.parametrize(
    ("found", "sides"),
    [
        (Interval(0.2, 0.1, 0.3), {1}),
        (Interval(-0.2, -0.3, -0.1), {-1}),
        (Interval(0.0, -0.1, 0.1), {-1, 1}),
    ],
)
def test_an_interval_lies_on_its_side_of_zero(found: Interval, sides: set[int]) -> None:
    root = check(charts.forest_row(found, "accepted"))
    assert root is not None
    zero = next(float(e.get("x1", "")) for e in root.iter("line") if e.get("class") == "zero")
    bar = next(e for e in root.iter("line") if e.get("class", "").startswith("bar"))
    ends = [float(bar.get("x1", "")), float(bar.get("x2", ""))]
    assert {1 if end > zero else -1 for end in ends} == sides


def test_hostile_names_are_only_text() -> None:
    name = '</svg><script>alert("1")</script>&\x1b[2J'
    root = check(charts.line_plot({name: ((0.0, 1.0), (1.0, 2.0))}, Sheet(name, name, name)))
    assert root is not None
    assert "script" not in {element.tag for element in root.iter()}
