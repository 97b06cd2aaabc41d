from __future__ import annotations

import functools
import math

from hypothesis import given
from hypothesis import strategies as st

from advisor.tui.compare import texts
from advisor.tui.compare.course import METRIC, Course, fed
from tests.tui.compare.made import half, whole

VALUES = st.none() | st.text(max_size=5) | st.floats(allow_nan=False) | st.booleans()


def course_of(lines: list[dict[str, object]]) -> Course:
    return functools.reduce(fed, lines, Course())


def test_lines_come_to_gates_curves_and_verdict() -> None:
    found = course_of(whole())
    assert [gate.ok for gate in found.gates] == [True] * 6
    assert [run.status for run in found.runs] == ["finished"] * 6
    mean = found.mean("jax", METRIC)
    assert mean.x == tuple(range(1, 9))
    assert math.isclose(mean.y[-1], 0.95 - 0.8 * math.exp(-4.8) + 0.01)
    assert found.doing == ""
    text = texts.gates(found).plain
    assert "✓ holds forward float64" in text
    assert "✓ equivalent" in text
    assert "51,234" in text
    assert texts.verdict(found).plain.startswith("✓ jax and torch take the same")


def test_a_gate_that_fails_is_said_in_words() -> None:
    found = course_of(whole(ok=False))
    text = texts.gates(found).plain
    assert "✗ FAILS losses float64    not finite >  1e-12" in text
    assert texts.verdict(found).plain.startswith("✗")


def test_one_that_is_under_way_says_how_far_it_is() -> None:
    found = course_of(half())
    assert found.doing == "torch: training 1 of 3 (seed 0)"
    text = texts.gates(found).plain
    assert "torch    0 of 3 done" in text
    assert "jax      3 of 3 done" in text
    assert len(found.mean("torch", METRIC).x) == 4


def test_an_evaluation_that_is_not_finite_is_left_out_of_the_mean() -> None:
    lines = half()
    lines[-1] = {**lines[-1], METRIC: None}
    assert len(course_of(lines).mean("torch", METRIC).x) == 3


@given(st.dictionaries(st.sampled_from(sorted({k for line in whole() for k in line})), VALUES))
def test_odd_lines_do_no_harm(line: dict[str, object]) -> None:
    lines = [each | line for each in half()]
    for name in ("backends", "seeds", "notes"):
        for each in lines:
            if not isinstance(each.get(name), list):
                each.pop(name, None)
    found = course_of(lines)
    assert texts.gates(found).plain
    assert texts.verdict(found).plain


def test_names_from_outside_are_shown_not_obeyed() -> None:
    odd = {"event": "gate", "name": "\x1b[2J", "value": 1.0, "limit": 2.0, "ok": True}
    assert "\x1b" not in texts.gates(fed(Course(), odd)).plain
