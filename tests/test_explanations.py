"""What `advisor explain` and the pages say is what the files say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.conditions import Expression
from advisor.explanations import (
    CLASSES,
    SEVERITIES,
    Explanation,
    explained,
    of_fact,
    of_rule,
    of_session_symptom,
    of_symptom,
)
from advisor.facts import VOCABULARY
from advisor.rulebook import Rule, installed
from advisor.session_symptoms import SESSION_DETECTORS
from advisor.symptoms import DETECTORS
from advisor.symptoms.causes import leads_to
from advisor.symptoms.remedies import REMEDIES

RULES = installed(VOCABULARY)


def texts(entry: Explanation, heading: str) -> tuple[str, ...]:
    return next((row.texts for row in entry.rows if row.heading == heading), ())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_told_whole(rule: Rule) -> None:
    entry = of_rule(rule)
    assert texts(entry, "when") == tuple(line.text for line in rule.when)
    assert len(texts(entry, "change")) == len(rule.change)
    for path, value in rule.change.items():
        if isinstance(value, Expression):
            assert f"{path} = {value.text}" in texts(entry, "change")
    for heading in ("why", "expect", "caution"):
        told = " ".join(texts(entry, heading))
        assert told == " ".join(getattr(rule, heading).split())
    assert texts(entry, "references") == rule.references
    assert set(entry.values["facts"]) == rule.reads
    assert len(texts(entry, "examples")) == len(rule.examples) + 1


def test_every_silent_example_says_which_line_keeps_it_silent() -> None:
    for rule in RULES:
        for told in texts(of_rule(rule), "examples")[1:]:
            lines = [line.text for line in rule.when if f"`{line.text}`" in told]
            assert bool(lines) == told.startswith("silent at ")


def test_what_is_asked_of_a_change_is_told() -> None:
    rule = replace(RULES[0], price=0.5, criterion="better", maturity="sandbox", replaces="other")
    entry = of_rule(rule)
    assert "0.5 standard deviations" in texts(entry, "kept if")[0]
    assert texts(entry, "maturity") == ("sandbox, so it proposes nothing",)
    assert texts(entry, "replaces") == ("other",)
    assert "no worse" in texts(of_rule(replace(rule, criterion="no worse")), "kept if")[0]


@pytest.mark.parametrize("name", DETECTORS)
def test_a_symptom_is_told_whole(name: str) -> None:
    detector = DETECTORS[name]
    entry = of_symptom(detector, RULES)
    assert entry.title == detector.about
    assert texts(entry, "fires when") == (detector.threshold,)
    assert texts(entry, "severity")[0].endswith(SEVERITIES[detector.severity])
    assert texts(entry, "class")[0].endswith(CLASSES[detector.order])
    assert len(texts(entry, "needs")) == len(detector.needs)
    assert set(entry.values.get("leads to", ())) == set(leads_to(name)) & set(DETECTORS)
    if name in REMEDIES:
        assert texts(entry, "first") == (REMEDIES[name].first,)


def test_every_symptom_says_what_to_do() -> None:
    silent = [
        name
        for name, detector in DETECTORS.items()
        if not {"first", "treated by"} & set(of_symptom(detector, RULES).values)
    ]
    assert silent == []


@pytest.mark.parametrize("name", DETECTORS)
def test_rules_of_a_symptom_are_those_that_treat_it_and_those_that_ask_for_it(name: str) -> None:
    found = of_symptom(DETECTORS[name], RULES).values
    treated, read = set(found.get("treated by", ())), set(found.get("read by", ()))
    assert treated == {rule.id for rule in RULES if rule.treats == name}
    assert read == {rule.id for rule in RULES if name in rule.reads} - treated


@pytest.mark.parametrize("name", SESSION_DETECTORS)
def test_a_symptom_of_a_session_is_told_whole(name: str) -> None:
    detector, (entry,) = SESSION_DETECTORS[name], explained(name, RULES)
    assert entry == of_session_symptom(detector)
    assert (entry.kind, entry.name, entry.title) == ("symptom", name, detector.about)
    told = {"fires when": detector.threshold, "beware": detector.traps, "first": detector.first}
    assert {heading: entry.values[heading] for heading in told} == told
    assert texts(entry, "class")[0].endswith(CLASSES[detector.order])
    assert texts(entry, "needs") == detector.needs
    assert "session" in texts(entry, "judged")[0]


def test_a_fact_names_its_unit_field_and_readers() -> None:
    entry = of_fact(VOCABULARY["lr"], RULES)
    assert entry.values["field"] == "optimizer.lr"
    assert set(entry.values["read by"]) == {rule.id for rule in RULES if "lr" in rule.reads}


def test_one_name_may_mean_two_things() -> None:
    assert [entry.kind for entry in explained("dropout", RULES)] == ["rule", "fact"]
    assert [entry.kind for entry in explained("overfitting", RULES)] == ["symptom"]
    assert explained("nothing-of-the-kind", RULES) == ()
