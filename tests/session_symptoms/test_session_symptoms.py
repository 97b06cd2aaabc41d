"""What holds for all of them, on whole sessions."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from advisor import requests
from advisor.cli.narrate import tell_doubts
from advisor.facts import VOCABULARY
from advisor.rulebook import installed
from advisor.session import Session
from advisor.session_symptoms import SESSION_DETECTORS, judged
from advisor.state import State
from advisor.summary import summary
from advisor.symptoms import DETECTORS
from tests import simulation
from tests.session_symptoms.states import attempt, recipe, seeds, session

RULES = installed(VOCABULARY)


def simulated(test: float, **changes: object) -> State:
    """A whole session, whose best recipe scores so on 200 test examples."""
    made = Session(simulation.recipe(**changes), RULES)
    while (request := made.request) is not None:
        result = requests.TestResult(
            {"best_metric": test, "best_loss": 0.3, "best_examples": 200.0}
        )
        made.tell(result if isinstance(request, requests.OpenTest) else simulation.answer(request))
    return made.state


def told(state: State) -> str:
    out = io.StringIO()
    tell_doubts(Console(file=out, soft_wrap=True), state)
    return out.getvalue()


def test_names_are_their_own_and_every_text_is_there() -> None:
    assert not set(SESSION_DETECTORS) & {*DETECTORS, *VOCABULARY, *(rule.id for rule in RULES)}
    for name, detector in SESSION_DETECTORS.items():
        assert detector.name == name
        assert all((detector.about, detector.threshold, detector.source, detector.traps))
        assert all((detector.needs, detector.first, detector.expect))


def test_a_session_in_which_nothing_happened_is_not_judged() -> None:
    empty = session([])
    assert {found.outcome for found in judged(empty)} == {"not enough data"}
    assert told(empty) == ""


def test_a_sick_start_that_was_cured_is_beyond_doubt() -> None:
    state = simulated(0.93)
    outcomes = {found.symptom: found.outcome for found in judged(state)}
    assert outcomes["validation_overused"] == "clear"
    assert outcomes["test_mismatch"] == "clear"
    assert told(state) == ""


def test_what_fired_is_told_in_a_line_each() -> None:
    line = told(simulated(0.5))
    assert line.startswith("! test mismatch accuracy on the test set is 0.5, ")
    assert line.count("\n") == 1
    wild = session(seeds([0.5, 0.9, 0.7]), test={"best_metric": 0.2, "best_examples": 900.0})
    assert [line.split()[1] for line in told(wild).splitlines()] == ["high", "test"]


@pytest.mark.parametrize("test", [0.5, 0.93, float("nan")])
def test_the_summary_holds_all_three_in_json(test: float, tmp_path: Path) -> None:
    found = summary(simulated(test), tmp_path)["session_symptoms"]
    assert [entry["symptom"] for entry in found] == list(SESSION_DETECTORS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found[0]) == {
        *("symptom", "outcome", "severity", "evidence", "window", "threshold", "reads")
    }


def test_a_session_that_was_broken_off_has_a_summary(tmp_path: Path) -> None:
    state = session([attempt(1, None, recipe(), "failed")])
    assert {e["outcome"] for e in summary(state, tmp_path)["session_symptoms"]} == {
        "not enough data"
    }
