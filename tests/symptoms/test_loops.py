from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from advisor.events import Event, StepsDone
from advisor.symptoms import detect
from advisor.symptoms.finding import Finding
from tests.symptoms.streams import Stream, recipe_of

NAMES = ("gradients_not_cleared", "input_bound")


def steps(
    ends: Sequence[int],
    kept: Callable[[int], bool | None] = lambda step: None,
    wait: Callable[[int], float | None] = lambda step: None,
    seconds: float = 0.01,
) -> list[Event]:
    """Runs of steps that end at these, of so many seconds a step; wait is by the step as well."""
    found: list[Event] = []
    before = 0
    for end in ends:
        n = end - before
        waited = wait(end)
        found.append(
            StepsDone(
                end,
                end / 100,
                [1.0] * n,
                [1.0] * n,
                [1e-3] * n,
                {},
                seconds * end,
                None if waited is None else waited * n,
                kept(end),
            )
        )
        before = end
    return found


def outcome(events: Sequence[Event], name: str) -> Finding:
    return next(one for one in detect(recipe_of(), events) if one.symptom == name)


ENDS = (1, 2, 9, 31, 57, 200)


def test_gradients_that_are_kept_block() -> None:
    found = outcome(steps(ENDS, lambda step: step > 1 or None), "gradients_not_cleared")
    assert (found.outcome, found.severity) == ("fired", "block")
    assert found.evidence == {"kept": 1.0, "looks": 5}
    assert "never cleared" in found.reads


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (lambda step: False, "clear"),
        (lambda step: step == 9, "clear"),
        (lambda step: step in (2, 9, 31, 57), "fired"),  # cleared once an epoch
        (lambda step: None, "not enough data"),
        (lambda step: True if step in (2, 9) else None, "not enough data"),
    ],
)
def test_most_looks_decide(kept: Callable[[int], bool | None], expected: str) -> None:
    assert outcome(steps(ENDS, kept), "gradients_not_cleared").outcome == expected


@pytest.mark.parametrize("portions", [2, 3, 8])
def test_gradients_that_are_added_up_on_purpose_are_no_fault(portions: int) -> None:
    ends = [portions * i for i in (1, 2, 9, 31, 57)]
    found = outcome(steps(ends, lambda step: True), "gradients_not_cleared")
    assert found.outcome == "clear"
    assert f"over {portions} steps" in found.reads


@pytest.mark.parametrize(("wait", "expected"), [(0.0021, "fired"), (0.0019, "clear")])
def test_a_fifth_of_the_time_is_too_much(wait: float, expected: str) -> None:
    found = outcome(steps(ENDS, wait=lambda step: wait), "input_bound")
    assert (found.outcome, found.severity) == (expected, "optimisation")
    assert found.evidence["wait_share"] == pytest.approx(100 * wait)
    assert "10 ms a step" in found.reads


def test_the_first_steps_are_no_measure() -> None:
    early = steps(ENDS, wait=lambda step: 0.009 if step <= 9 else 0.0)
    assert outcome(early, "input_bound").outcome == "clear"
    assert outcome(steps((1, 2, 9, 39), wait=lambda step: 0.009), "input_bound").outcome == (
        "not enough data"
    )


def test_only_steps_whose_waits_were_measured_count() -> None:
    half = steps((*range(10, 200, 10),), wait=lambda step: 0.005 if step > 100 else None)
    found = outcome(half, "input_bound")
    assert found.outcome == "fired"
    assert found.evidence["wait_share"] == pytest.approx(0.5)
    assert found.window == "90 steps past the first 10"


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_measured_is_not_judged(name: str) -> None:
    events = Stream().events()
    assert outcome(events, name).outcome == "not enough data"
    told = [
        replace(e, wait_seconds=0.0, gradient_kept=False) if isinstance(e, StepsDone) else e
        for e in events
    ]
    assert outcome(told, name).outcome == "clear"
