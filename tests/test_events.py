from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.events import (
    ActivationReport,
    DataReport,
    Evaluated,
    Event,
    LayerReport,
    ProbeFinished,
    StepsDone,
    TrialFinished,
    TrialStarted,
    from_json,
    to_json,
)

DATA = DataReport(100, 20, [8, 8, 1], 10, [0.1] * 10, 1.0, 3.0, 0.1, 2.0)
EVENTS: list[Event] = [
    TrialStarted("torch", "cpu", 1000, 25, 4, 2.3, 2.302, 0.1, DATA),
    StepsDone(2, 0.5, [2.3, 2.2], [1.0, 2.0], [0.1, 0.1], {"a": LayerReport(1.0, 2.0, 0.1)}, 0.5),
    StepsDone(4, 1.0, [2.0], [1.0], [0.1], {}, 0.5, 0.25, True),
    Evaluated(4, 1.0, 1.0, 0.5, 1.1, 0.4, True, 0.2, {"r": ActivationReport(0.1, 0.0, 1.0)}, 1.0),
    TrialFinished("finished", 4.0, 100, 400, 2.0, 1.0, 0.5, 1.1, 0.4, 4),
    ProbeFinished("lr_range", {"suggested_lr": None}, 0.5, 10, 1.0, {"lr": [0.1]}, "no pick"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event)
def test_an_event_survives_its_line(event: Event) -> None:
    line = to_json(event)
    assert "\n" not in line
    assert from_json(line) == event


def test_values_that_are_not_finite_survive_as_strict_json() -> None:
    event = StepsDone(1, 1.0, [math.inf, -math.inf], [math.nan], [0.1], {}, 0.1)
    line = to_json(event)
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    back = from_json(line)
    assert isinstance(back, StepsDone)
    assert back.loss == [math.inf, -math.inf]
    assert math.isnan(back.grad_norm[0])


def test_a_line_from_before_waits_were_measured_is_read() -> None:
    line = (
        '{"event": "steps_done", "step": 1, "epoch": 1.0, "loss": [2.0], "grad_norm": [1.0], '
        '"lr": [0.1], "layers": {}, "seconds": 0.5}'
    )
    assert from_json(line) == StepsDone(1, 1.0, [2.0], [1.0], [0.1], {}, 0.5, None, None)


@given(st.text() | st.from_type(dict).map(str))
def test_a_line_that_is_no_event_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 json's own error is one
        from_json(line)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '{"event": "nonsense"}',
        '{"event": "trial_finished"}',
        '{"event": "evaluated", "x": 1}',
    ],
)
def test_an_event_with_wrong_fields_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match="event"):
        from_json(line)
