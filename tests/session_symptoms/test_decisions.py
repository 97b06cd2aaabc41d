from __future__ import annotations

from functools import cache

import pytest

from advisor.facts import VOCABULARY
from advisor.luck import expected_maximum
from advisor.requests import Decided
from advisor.rulebook import installed
from advisor.session import Session
from advisor.session_symptoms.decisions import DETECTOR, MOST_DECISIONS
from advisor.state import Attempt
from tests import simulation
from tests.session_symptoms.states import REGRESSION, attempt, recipe, seeds, session


def tried(count: int, start: float, best: float) -> list[Attempt]:
    """As many recipes, the last of them the best."""
    values = [start] + [start - 0.001] * (count - 2) + [best]
    return [attempt(i + 1, value, recipe(0.01 * (i + 1))) for i, value in enumerate(values)]


@cache
def a_decision() -> Decided:
    made = Session(simulation.recipe(), installed(VOCABULARY))
    while made.request is not None and not made.state.decisions:
        made.tell(simulation.answer(made.request))
    return made.state.decisions[0]


def test_a_gain_that_luck_gives_is_told_and_a_larger_one_is_not() -> None:
    made = session(tried(10, 0.90, 0.91), best=-1)
    found = DETECTOR.detect(made)
    assert found.outcome == "fired"
    assert found.evidence["recipes"] == 10
    optimism = float(found.evidence["optimism"])
    assert optimism == pytest.approx(float(found.evidence["deviation"]) * 1.5388, rel=1e-3)
    assert DETECTOR.detect(session(tried(10, 0.80, 0.90), best=-1)).outcome == "clear"


@pytest.mark.parametrize("count", [2, 5, 20])
def test_the_more_recipes_the_larger_the_gain_must_be(count: int) -> None:
    known = DETECTOR.detect(session(tried(count, 0.90, 0.95), best=-1)).evidence
    optimism = float(known["deviation"]) * expected_maximum(count)
    below, above = (
        DETECTOR.detect(session(tried(count, 0.95 - share * optimism, 0.95), best=-1)).outcome
        for share in (0.9, 1.1)
    )
    assert (below, above) == ("fired", "clear")


def test_seeds_of_one_recipe_are_one_recipe() -> None:
    made = [*tried(3, 0.80, 0.95), *seeds([0.90, 0.90, 0.90], lr=0.5, first=4)]
    assert DETECTOR.detect(session(made, best=2)).evidence["recipes"] == 4


def test_measured_seeds_of_the_best_recipe_count_for_its_deviation() -> None:
    calm = tried(4, 0.80, 0.90)
    wild = [
        *calm,
        *(attempt(5 + i, value, recipe(0.04, 7 + i)) for i, value in enumerate([0.6, 0.7, 0.8])),
    ]
    alone, among = (DETECTOR.detect(session(made, best=3)).evidence for made in (calm, wild))
    assert float(among["deviation"]) > 3 * float(alone["deviation"])


def test_a_start_that_stays_claims_nothing() -> None:
    found = DETECTOR.detect(session(tried(30, 0.90, 0.80)))
    assert found.outcome == "clear"
    assert found.evidence["gain"] == 0


@pytest.mark.parametrize(
    ("count", "outcome"), [(MOST_DECISIONS, "clear"), (MOST_DECISIONS + 1, "fired")]
)
def test_many_decisions_wear_a_validation_set_out(count: int, outcome: str) -> None:
    made = session(tried(3, 0.5, 0.9), best=-1)
    made.decisions = [a_decision()] * count
    found = DETECTOR.detect(made)
    assert found.outcome == outcome
    assert ("51 decisions" in found.reads) == (outcome == "fired")


def test_without_a_start_there_is_no_gain_but_decisions_can_be_counted() -> None:
    made = session([attempt(1, None, recipe(), "diverged"), attempt(2, 0.9, recipe(0.1))], best=1)
    assert DETECTOR.detect(made).outcome == "not enough data"
    made.decisions = [a_decision()] * (MOST_DECISIONS + 1)
    assert DETECTOR.detect(made).outcome == "fired"
    assert DETECTOR.detect(session([])).outcome == "not enough data"


def test_of_errors_less_is_a_gain() -> None:
    made = [
        attempt(i + 1, value, recipe(0.1 * (i + 1), **REGRESSION))
        for i, value in enumerate([50.0, 49.9, 30.0])
    ]
    assert DETECTOR.detect(session(made, best=2)).outcome == "clear"
    assert DETECTOR.detect(session(made, best=2)).evidence["gain"] == 20
    assert DETECTOR.detect(session(made[:2], best=1)).outcome == "fired"
