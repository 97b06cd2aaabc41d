"""What the rules say to a finding: in which order, and exactly or with what they wait for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from advisor.diagnosis import Case, judged
from advisor.diagnosis.adoption import adopted
from advisor.diagnosis.counsel import Counsellor
from advisor.diagnosis.told import Told
from advisor.facts import VOCABULARY
from advisor.logs import read_bytes
from advisor.recipe import Recipe
from advisor.rulebook import Rule, parse_rule
from advisor.symptoms import Finding
from tests.diagnosis import logs
from tests.diagnosis.ours import as_case
from tests.symptoms.streams import recipe_of

SYMPTOM = "slow_learning"


def rule(name: str, when: Sequence[str], change: dict[str, Any] | None = None, **more: Any) -> Rule:
    """A rule of these lines; JSON is YAML."""
    content = {
        "id": name,
        "title": name,
        "stage": "learning_rate",
        "treats": SYMPTOM,
        "when": list(when),
        "change": {"set": change or {"optimizer.lr": "lr * 3"}},
        "expect": "More.",
        "why": "Because.",
        "examples": {"fires": [{}], "silent": [{}]},
    }
    return parse_rule(json.dumps({**content, **more}), VOCABULARY, name)


def case(recipe: Recipe | None = None, **columns: float) -> Case:
    data = logs.steps(lambda i: 2.3 - i / 200, 80, **columns)
    return adopted(read_bytes(data, "log"), Told(), recipe)


def finding(symptom: str) -> Finding:
    return Finding(symptom, "fired", "optimisation", {}, "", "", "")


def counsel(of: Case, *rules: Rule, symptom: str = SYMPTOM) -> list[tuple[str, Any, Any]]:
    """Id, change and open conditions of what is said to a symptom that fired."""
    found = Counsellor(of, [finding(symptom)], rules).on(symptom)
    return [(one.rule.id, one.change and dict(one.change), one.depends) for one in found]


TRIPLE = {"optimizer.lr": (0.1, pytest.approx(0.3))}


def test_a_change_is_exact_where_all_that_it_rests_on_was_logged() -> None:
    made = rule("triple", [SYMPTOM])
    assert counsel(case(lr=0.1), made) == [("triple", TRIPLE, ())]
    assert counsel(case(), made) == [("triple", None, ())]


def test_without_a_recipe_only_rate_and_batch_size_can_be_changed_exactly() -> None:
    both = rule("both", [SYMPTOM], {"optimizer.lr": "lr * 3", "train.epochs": 9})
    assert counsel(case(lr=0.1), both) == [("both", None, ())]


def test_a_condition_that_nobody_can_judge_is_told_with_the_rule() -> None:
    open_lines = ["dropout < 0.5", "known(clip_norm)", "not known(clip_norm)"]
    made = rule("waits", [SYMPTOM, "lr > 0", *open_lines])
    assert counsel(case(lr=0.1), made) == [("waits", None, tuple(open_lines))]


@pytest.mark.parametrize("line", ["lr > 1", "task == 'regression'", "lr > 1 and dropout < 0.5"])
def test_a_rule_that_does_not_hold_is_not_told(line: str) -> None:
    assert counsel(case(lr=0.1), rule("no", [SYMPTOM, line, "dropout < 0.5"])) == []


def test_a_rule_that_does_not_apply_is_not_told_though_it_cannot_be_judged() -> None:
    """An Adam recipe has no momentum; of a log without a recipe nobody knows."""
    made = rule("momentum", [SYMPTOM, "momentum > 0.5"])
    assert counsel(case(recipe_of()), made) == []
    assert counsel(case(), made) == [("momentum", None, ("momentum > 0.5",))]


def test_rules_that_are_off_are_not_told() -> None:
    assert counsel(case(lr=0.1), rule("off", [SYMPTOM], maturity="sandbox")) == []


def test_a_rule_for_another_symptom_is_told_only_where_nothing_is_open() -> None:
    sure = rule("sure", [SYMPTOM], treats="underfitting")
    waits = rule("waits", [SYMPTOM, "dropout < 0.5"], treats="underfitting")
    silent = rule("silent", ["lr > 0"], treats="underfitting")
    assert [name for name, *_ in counsel(case(lr=0.1), sure, waits, silent)] == ["sure"]


def test_exact_changes_come_first_then_what_waits_for_least_then_the_stage_and_the_rank() -> None:
    known, once, twice = [SYMPTOM], [SYMPTOM, "dropout < 1"], [SYMPTOM, "dropout < 1", "l2 < 1"]
    epochs = {"train.epochs": 9}
    made = [
        rule("g", twice),
        rule("f", once, stage="finish", rank=1),
        rule("e", once, rank=9),
        rule("d", once, rank=8),
        rule("c", known, epochs, treats="underfitting"),
        rule("b", known, epochs),
        rule("a", known),
    ]
    # what waits stands before what goes for another symptom
    expected = ["a", "b", "d", "e", "f", "g", "c"]
    assert [name for name, *_ in counsel(case(lr=0.1), *made)] == expected


def test_with_a_recipe_the_change_is_what_would_be_proposed() -> None:
    recipe = recipe_of(optimizer__lr=0.1)
    made = rule("longer", [SYMPTOM, "lr > 0"], {"train.epochs": "epochs * 2", "optimizer.lr": "lr"})
    epochs = recipe.train.epochs
    assert counsel(case(recipe), made) == [("longer", {"train.epochs": (epochs, 2 * epochs)}, ())]
    nothing = rule("nothing", [SYMPTOM], {"optimizer.lr": "lr"})
    assert counsel(case(recipe), nothing) == []
    locked = recipe.changed({"tune.locked": ("train.epochs",)})
    waits = rule("waits", [SYMPTOM, "validation_loss > 0"], {"train.epochs": "epochs * 2"})
    assert counsel(case(recipe), waits) == [("waits", None, ("validation_loss > 0",))]
    assert counsel(case(locked), made, waits) == []


# Of a cause and what came of it


def options(name: str, *rules: Rule) -> dict[str, list[str]]:
    """Symptom -> the rules that are told with it, of a trial of tests/recorded."""
    return {
        one.finding.symptom: [each.rule for each in (one.option, *one.others) if each]
        for one in judged(as_case(name), rules).remarks
    }


def test_a_cause_is_told_with_rules_for_what_came_of_it_each_once() -> None:
    cause = rule("cause", ["vanishing_gradients", "underfitting"], treats="vanishing_gradients")
    led = rule("led", ["underfitting"], {"train.epochs": 99}, treats="underfitting")
    told = options("deep-sigmoid", led, cause)
    assert told["vanishing_gradients"] == ["cause", "led"]
    assert told["underfitting"] == []


def test_a_fault_of_the_data_is_not_mended_by_treating_what_came_of_it() -> None:
    cause = rule("cause", ["unnormalized_input"], treats="unnormalized_input")
    led = rule("led", ["initial_loss_off"], {"train.epochs": 99}, treats="initial_loss_off")
    told = options("raw-pixels", led, cause)
    assert told["unnormalized_input"] == ["cause"]
    assert told["initial_loss_off"] == []
