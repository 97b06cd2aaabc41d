from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from advisor.history import History
from advisor.session_symptoms import SESSION_DETECTORS
from advisor.symptoms import Detector, Finding
from advisor.symptoms.finding import Evidence
from tests.symptoms.streams import Stream, recipe_of

SEEN = Evidence(True, {"loss": 2.0, "layer": "a"}, "It is so.", parts={"loss": ("no_learning",)})


def finding(seen: Evidence | str, needs: tuple[str, ...] = (), **history: Any) -> Finding:
    detector = Detector(
        "divergence", "block", 2, "about", "above 1", "ours", "", lambda _: seen, needs
    )
    return detector.detect(History(recipe_of(), Stream().events(), **history))


def test_a_finding_says_what_was_seen() -> None:
    found = finding(SEEN)
    assert (found.symptom, found.outcome, found.severity) == ("divergence", "fired", "block")
    assert (found.evidence, found.reads, found.window) == (SEEN.values, "It is so.", "the run")
    assert found.threshold == "above 1"
    assert "no_learning" in found.leads_to
    assert found.parts == {"loss": ("no_learning",)}


def test_a_case_may_be_less_grave_and_lead_to_less() -> None:
    found = finding(replace(SEEN, severity="info", leads_to=("no_learning",)))
    assert (found.severity, found.leads_to) == ("info", ("no_learning",))


def test_what_did_not_fire_leads_to_nothing() -> None:
    found = finding(replace(SEEN, fires=False))
    assert (found.outcome, found.leads_to, found.parts) == ("clear", (), {})


def test_what_is_missing_is_told_in_words() -> None:
    found = finding("needs 3 steps")
    assert (found.outcome, found.reads, found.evidence) == ("not enough data", "needs 3 steps", {})
    assert finding(SEEN, needs=("train_loss",)).outcome == "fired"
    untold = finding(SEEN, needs=("train_loss",), unknown=frozenset({"train_loss"}))
    assert untold.outcome == "not enough data"
    assert untold.reads.startswith("nobody told ")


@pytest.mark.parametrize("fires", [True, False])
def test_nothing_follows_from_what_was_not_measured(fires: bool) -> None:
    found = finding(Evidence(fires, {"a": math.nan, "b": 1.0, "c": math.nan}, ""))
    assert (found.outcome, found.reads) == ("not enough data", "not measured: a, c")


def test_an_infinite_value_is_evidence_in_a_training_and_none_in_a_session() -> None:
    seen = Evidence(True, {"loss": math.inf}, "")
    assert finding(seen).outcome == "fired"
    of_session = replace(next(iter(SESSION_DETECTORS.values())), look=lambda _: seen)
    found = of_session.detect(None)  # type: ignore[arg-type]
    assert (found.outcome, found.reads) == ("not enough data", "not measured: loss")
