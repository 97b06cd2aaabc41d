"""The rules on trainings that were recorded: quiet about healthy ones, right about sick ones."""

from __future__ import annotations

import pytest

from advisor.advice import propose
from advisor.facts import VOCABULARY, measure
from advisor.rulebook import Rule, installed
from advisor.symptoms import Arbitration, as_facts, detect
from tests import recorded

RULES = installed(VOCABULARY)


def fires(name: str) -> list[Rule]:
    recipe, events = recorded.load(name)
    facts = measure(recipe, events) | as_facts(detect(recipe, events))
    return [rule for rule in RULES if rule.active and rule.judge(facts).fires]


@pytest.mark.parametrize("name", recorded.HEALTHY)
def test_healthy_trainings_need_no_repair(name: str) -> None:
    repairs = ("sanity", "initialization", "batch_size", "loss", "activation")
    assert [rule.id for rule in fires(name) if rule.stage in repairs] == []


@pytest.mark.parametrize("name", recorded.NAMES)
def test_no_regulariser_is_added_before_the_model_fits(name: str) -> None:
    recipe, events = recorded.load(name)
    facts = as_facts(detect(recipe, events))
    adding = [rule.id for rule in fires(name) if rule.stage == "regularization"]
    assert not adding or facts["underfitting"] is False


FIRST = {
    ("rate-too-low", "sanity"): "raise-lr-when-nothing-is-learned",
    ("not-finite", "sanity"): "lower-lr-after-non-finite",
    ("rate-too-high", "sanity"): "lower-lr-after-divergence",
    ("raw-pixels", "sanity"): "standardize-inputs",
    ("deep-sigmoid", "sanity"): "relu-when-signal-vanishes",
    ("heavy-dropout", "architecture"): "less-dropout",
    ("overfitted-regression", "regularization"): "dropout",
}


@pytest.mark.parametrize(("name", "stage"), FIRST)
def test_the_first_proposal_goes_to_the_cause(name: str, stage: str) -> None:
    recipe, events = recorded.load(name)
    findings = detect(recipe, events)
    facts = measure(recipe, events) | as_facts(findings)
    made = propose(stage, recipe, facts, RULES, Arbitration.of(findings)).proposals
    assert made[0].rule.id == FIRST[name, stage]


def test_a_range_test_comes_before_other_rates() -> None:
    recipe, events = recorded.load("rate-too-low")
    findings = detect(recipe, events)
    facts, by = measure(recipe, events) | as_facts(findings), Arbitration.of(findings)
    assert "lr_range" in propose("sanity", recipe, facts, RULES, by).probes
    probed = facts | {"suggested_lr": 2e-3, "lr_range_low": 1e-4, "lr_range_high": 0.05}
    first = propose("sanity", recipe, probed, RULES, by).proposals[0]
    assert first.change == {"optimizer.lr": 2e-3}
