from __future__ import annotations

import json

from advisor.cli.narrate_finals import ensemble_lines, finals_lines, fresh_words
from advisor.evidence import Comparison, Decision
from advisor.journal.lines import asked as told
from advisor.journal.values import strict
from advisor.requests import Ensemble, Finalist, Finals
from advisor.state import State
from tests.session_symptoms.states import attempt, recipe, session

COMPARISON = Comparison(0.02, 0.005, 2, 1000)
BETTER = Decision("accepted", f"better beyond noise: {COMPARISON}", COMPARISON)
UNSURE = Decision("undecided", f"cannot be told from noise: {COMPARISON}", COMPARISON)


def ended(decision: Decision) -> tuple[State, Finals]:
    fresh = [attempt(3 + i, 0.9 + i / 100, recipe(0.01, 1000)) for i in range(2)]
    state = session([attempt(1, 0.93, recipe()), attempt(2, 0.92, recipe(0.01)), *fresh])
    one, two = Finalist(1, (3,), (0.9,), None), Finalist(2, (4,), (None,), decision)
    state.finals = Finals((one, two), two if decision is BETTER else one)
    return state, state.finals


def test_finals_say_who_met_whom_and_what_came_of_it() -> None:
    state, finals = ended(UNSURE)
    lines = list(finals_lines(finals, state))
    assert "trial 1: 0.9 on 1 fresh seed; its first training had 0.93" in lines[1]
    assert "no result" in lines[2]
    assert "cannot be told from noise" in lines[3]
    assert "trial 1 stays" in lines[-1]
    state, finals = ended(BETTER)
    assert "trial 2 takes over" in list(finals_lines(finals, state))[-1]


def test_an_ensemble_is_told_honestly() -> None:
    state, _ = ended(UNSURE)
    found = Ensemble(3, (1, 3), 0.95, 0.2, 0.93, UNSURE)
    lines = "\n".join(ensemble_lines(found, state))
    assert "ensemble of 2 seeds (of 3" in lines
    assert "not shown to pay for 2 times the work" in lines
    paid = Ensemble(2, (1, 3), 0.95, 0.2, 0.93, BETTER)
    assert "it pays" in "\n".join(ensemble_lines(paid, state))


def test_the_last_table_has_the_estimate_with_its_interval() -> None:
    state, _ = ended(UNSURE)
    words = fresh_words(state)
    assert words is not None
    assert words[0] == "validation, fresh seed"
    assert words[1].startswith("0.9 [0.8")
    assert fresh_words(session([attempt(1, 0.9, recipe())])) is None


def test_both_are_lines_of_json() -> None:
    state, finals = ended(UNSURE)
    found = Ensemble(3, (1, 3), 0.95, 0.2, 0.93, UNSURE)
    for note, event in ((finals, "finals"), (found, "ensemble")):
        line = told(note, state)
        assert line is not None
        assert json.loads(strict(line))["event"] == event
