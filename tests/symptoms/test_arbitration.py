from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.symptoms import DETECTORS, ORDER, Arbitration, Finding, arranged
from advisor.symptoms.causes import (
    LAGGING,
    LEADS_TO,
    NOT_LEARNED,
    SIGNAL,
    SPOILED,
    TIMID,
    WILD,
    leads_to,
)


def fired(symptom: str, severity: str = "", leads: tuple[str, ...] | None = None) -> Finding:
    grave = severity or DETECTORS[symptom].severity
    told = leads_to(symptom, leads)
    return Finding(symptom, "fired", grave, {}, "", "", "", told)  # type: ignore[arg-type]


def clear(symptom: str) -> Finding:
    return Finding(symptom, "clear", DETECTORS[symptom].severity, {}, "", "", "")


def told(*findings: Finding) -> list[tuple[str, str]]:
    return [(one.symptom, one.explained_by) for one in arranged(findings) if one.outcome == "fired"]


def test_a_consequence_comes_right_after_its_cause_however_grave_it_is() -> None:
    assert told(fired("no_learning"), fired("dead_units"), fired("vanishing_gradients")) == [
        ("dead_units", ""),
        ("no_learning", "dead_units"),
        ("vanishing_gradients", "dead_units"),
    ]


def test_a_cause_is_as_grave_as_what_it_led_to() -> None:
    cause, _ = arranged([fired("no_learning"), fired("poor_initialization")])
    assert (cause.severity, cause.gravity) == ("optimisation", "block")


def test_what_did_not_fire_explains_nothing_and_comes_last() -> None:
    found = arranged([clear("dead_units"), fired("no_learning")])
    assert [(one.symptom, one.explained_by) for one in found] == [
        ("no_learning", ""),
        ("dead_units", ""),
    ]


def test_a_chain_is_told_under_its_first_link() -> None:
    chain = (fired("weaker_than_linear"), fired("underfitting"), fired("vanishing_gradients"))
    assert {by for name, by in told(*chain) if name != "vanishing_gradients"} == {
        "vanishing_gradients"
    }


def test_of_two_causes_the_one_that_is_treated_first_is_named() -> None:
    found = told(fired("underfitting"), fired("dead_units"), fired("unnormalized_input"))
    assert found[0] == ("unnormalized_input", "")
    assert ("underfitting", "unnormalized_input") in found


def test_evidence_may_narrow_what_is_explained() -> None:
    mild = fired("dead_units", leads=("slow_learning",))
    assert ("no_learning", "") in told(mild, fired("no_learning"))


def test_lagging_behind_waits_while_something_keeps_it_from_fitting() -> None:
    fits, lags = arranged([fired("overfitting"), fired("underfitting")])
    assert (fits.symptom, lags.symptom, lags.gravity) == ("underfitting", "overfitting", "info")
    (alone,) = arranged([fired("overfitting")])
    assert alone.gravity == "generalisation"


def test_arranging_twice_changes_nothing() -> None:
    found = arranged([fired("no_learning"), fired("dead_units"), fired("overfitting")])
    assert arranged(found) == found


@given(st.sets(st.sampled_from(sorted(DETECTORS)), max_size=12), st.randoms())
def test_any_set_of_symptoms_is_told_once_and_in_the_same_order(
    names: set[str], random: object
) -> None:
    findings = [fired(name) for name in sorted(names)]
    found = arranged(findings)
    assert sorted(one.symptom for one in found) == sorted(names)
    random.shuffle(findings)  # type: ignore[attr-defined]
    assert arranged(findings) == found
    causes = {one.symptom for one in found if not one.explained_by}
    assert all(one.explained_by in causes for one in found if one.explained_by)
    heads = [one for one in found if not one.explained_by]
    blocks = [one.gravity == "block" for one in heads]
    assert all(first >= second for first, second in pairwise(blocks))


def test_all_symptoms_at_once_are_arranged_at_once() -> None:
    """Paths through the causes are many; they must not be walked one by one."""
    found = arranged(fired(name) for name in DETECTORS)
    assert len(found) == len(DETECTORS)


def test_few_edges_are_lost_to_the_order() -> None:
    """Only where a group of consequences holds the cause itself, or what stands above it."""
    lost = {
        (name, reached)
        for name, told in LEADS_TO.items()
        for reached in told
        if reached != name and reached not in leads_to(name)
    }
    groups = {*NOT_LEARNED, *TIMID, *WILD, *SIGNAL, *SPOILED, *LAGGING}
    assert all(name in groups and reached in groups for name, reached in lost), lost


def odd(**parts: tuple[str, ...]) -> Finding:
    told = {name.replace("__", "."): leads for name, leads in parts.items()}
    leads = tuple(name for part in told.values() for name in part)
    return replace(fired("suspicious_values", leads=leads), parts=told)


def test_an_odd_value_is_treated_for_what_it_explains() -> None:
    values = odd(optimizer__lr=("divergence",), regularization__dropout=("underfitting",))
    by = Arbitration.of([values, fired("divergence")])
    assert by.urgency_of("suspicious_values", ["optimizer.lr"]) == ORDER["divergence"]
    assert by.urgency_of("suspicious_values", ["regularization.dropout"]) == 9
    assert by.covers("suspicious_values", ["optimizer.lr"]) == {"divergence"}
    assert by.covers("suspicious_values", ["regularization.dropout"]) == frozenset()


def test_nothing_explains_what_explains_it() -> None:
    places = {name: place for place, name in enumerate(LEADS_TO)}
    for name in LEADS_TO:
        for reached in leads_to(name):
            assert places.get(reached, len(places)) > places[name]


def test_causes_and_consequences_are_symptoms() -> None:
    assert set(LEADS_TO) <= set(DETECTORS)
    assert {name for reached in LEADS_TO.values() for name in reached} <= set(DETECTORS)


@pytest.mark.parametrize(
    ("treats", "reads", "aim"),
    [
        ("no_learning", ("dead_units",), "dead_units"),  # the cause, though it treats another
        ("no_learning", (), "no_learning"),
        ("overfitting", (), "overfitting"),  # it has not fired
        (None, (), None),
        (None, ("no_learning", "slow_learning"), "no_learning"),
    ],
)
def test_a_rule_goes_for_the_cause_that_it_reads(
    treats: str | None, reads: tuple[str, ...], aim: str | None
) -> None:
    by = Arbitration.of([fired("no_learning"), fired("dead_units")])
    assert by.aim(treats, reads) == aim


def test_a_cause_is_as_urgent_as_what_it_led_to() -> None:
    by = Arbitration.of([fired("no_learning"), fired("dead_units")])
    assert by.urgency_of("dead_units") == by.urgency_of("no_learning") == ORDER["no_learning"]
    assert by.urgency_of("slow_learning") == ORDER["slow_learning"]
    assert by.urgency_of(None) == 9
