"""What the person did, in the session's log."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.tui.model import SessionView
from tests.tui import fed

PERSON = {"event": "choice", "ask": 10, "index": 0, "change": None, "by": "person"}
RATE = "optimizer.lr 1e-05 -> 0.003"


def after(*lines: dict[str, Any]) -> SessionView:
    return fed.view(fed.began(), [fed.asked()], list(lines))


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"action": "try"}, f"> you: try range-test: {RATE}"),
        ({"action": "try", "by": "autopilot"}, f"> autopilot: try range-test: {RATE}"),
        ({"action": "try", "change": {"optimizer.lr": 0.01}},
         "> you: try range-test, edited: optimizer.lr 1e-05 -> 0.01 (proposed: 0.003)"),
        ({"action": "try", "change": {"optimizer.lr": 0.003}}, f"> you: try range-test: {RATE}"),
        ({"action": "try", "index": 1, "change": {"optimizer.lr": 0.0001}},
         "> you: try lr-times-10, edited: optimizer.lr 1e-05 -> 0.0001, "
         "schedule.kind left as it is (proposed: cosine)"),
        ({"action": "own", "index": None, "change": {"train.batch_size": 8}},
         "> you: try a change of your own: train.batch_size 4 -> 8"),
        ({"action": "refuse"}, f"> you: refuse range-test: {RATE}"),
        ({"action": "look"}, f"> you: run range-test as a probe: {RATE}"),
        ({"action": "look", "index": None, "change": {"train.batch_size": 8}},
         "> you: run a change of your own as a probe: train.batch_size 4 -> 8"),
        ({"action": "leave"}, "> you: skip the rest of learning_rate"),
        ({"action": "finish"}, "> you: finish the session"),
    ],
)  # fmt: skip
def test_a_choice_is_told_with_its_fields_and_values(choice: dict[str, Any], told: str) -> None:
    assert after(PERSON | choice).log[-1].text == told


def test_locks_are_told_with_the_values_that_they_hold() -> None:
    locked = {"event": "locked", "fields": ["optimizer.lr"], "on": True, "all": ["optimizer.lr"]}
    choice = PERSON | {"action": "lock", "fields": ["optimizer.lr"]}
    log = after(choice, locked).log
    assert log[-1].text == "> you: locked optimizer.lr (1e-05); locked now: optimizer.lr"
    assert "lock" not in log[-2].text  # one line for one act
    opened = {"event": "locked", "fields": ["optimizer"], "on": False, "all": [],
              "reopens": ["data"]}  # fmt: skip
    view = after(opened)
    told = "> you: unlocked optimizer; locked now: nothing; reopens data"
    assert view.log[-1].text == told
    assert view.stages[0].status == "reopened"


def test_a_return_is_told_with_both_values() -> None:
    back = {"event": "returned", "trial": 1, "from": 3, "reopens": ["data"]}
    view = fed.view(fed.began(), [fed.asked()], fed.tried(), fed.decided(), [back])
    told = "> you: back to trial 1 (0.11), away from trial 3 (0.93); reopens data"
    assert view.log[-1].text == told


@pytest.mark.parametrize("origin", ["edited", "own"])
def test_what_came_of_it_names_whose_change_it_was(origin: str) -> None:
    change = {"optimizer.lr": 0.01}
    action = {"action": "own", "index": None} if origin == "own" else {"action": "try"}
    trial = fed.tried()[1] | {"changes": change}
    decision = fed.decided()[1] | {"origin": origin}
    view = after(PERSON | action | {"change": change}, trial, decision)
    name = "a change of your own" if origin == "own" else "range-test, edited"
    assert f"+ accepted {name}: 0.11 -> 0.93" in view.log[-1].text
    assert view.trials[-1].origin == view.decisions[-1].origin == origin
    running = after(PERSON | action | {"change": change}, trial).trials[-1]
    assert (running.rule, running.origin) == (
        "own change" if origin == "own" else "range-test", origin,
    )  # fmt: skip


def test_a_result_names_the_evaluation_it_is_from() -> None:
    result = fed.decided()[0] | {"best_epoch": 5.0}
    view = fed.view(fed.began(), [fed.asked()], fed.tried(), [result])
    assert view.log[-1].text == "trial 3 finished: accuracy 0.93 at epoch 5 of 8"
    assert view.trials[-1].best_epoch == 5.0
