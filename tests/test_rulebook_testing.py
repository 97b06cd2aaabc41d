from __future__ import annotations

from typing import Any

import pytest
import yaml

from advisor.facts import VOCABULARY, Facts
from advisor.rulebook import Rule, parse_rule
from advisor.rulebook_testing import plausible_recipes, problems

GOOD: dict[str, Any] = {
    "id": "more-dropout",
    "title": "More dropout",
    "stage": "regularization",
    "when": ["train_val_gap > 0.1", "dropout < 0.5"],
    "change": {"set": {"regularization.dropout": "min(dropout + 0.1, 0.5)"}},
    "expect": "A smaller gap.",
    "why": "It overfits.",
    "examples": {
        "fires": [{"train_val_gap": 0.2, "dropout": 0.1}],
        "silent": [
            {"train_val_gap": 0.05, "dropout": 0.1},
            {"train_val_gap": 0.2, "dropout": 0.6},
        ],
    },
}


def rule(**changes: Any) -> Rule:
    raw = GOOD | {name: value for name, value in changes.items() if name not in ("fires", "silent")}
    raw["examples"] = GOOD["examples"] | {
        sign: changes[sign] for sign in ("fires", "silent") if sign in changes
    }
    return parse_rule(yaml.safe_dump(raw), VOCABULARY)


def test_a_good_rule_has_no_problems() -> None:
    assert problems(rule()) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"fires": [{"train_val_gap": 0.1, "dropout": 0.1}]},
            "examples.fires, number 1: `train_val_gap > 0.1` does not hold",
        ),
        (
            {"fires": [*GOOD["examples"]["fires"], {"dropout": 0.1}]},
            "examples.fires, number 2: `train_val_gap > 0.1` cannot be judged",
        ),
        (
            {"silent": [*GOOD["examples"]["silent"], {"train_val_gap": 0.2, "dropout": 0.4}]},
            "examples.silent, number 3: the rule fires",
        ),
        (
            {"silent": GOOD["examples"]["silent"][:1]},
            "when: no silent example in which only `dropout < 0.5` does not hold",
        ),
        (
            {"silent": [*GOOD["examples"]["silent"][:1], {"train_val_gap": 0.0, "dropout": 0.6}]},
            "when: no silent example in which only `dropout < 0.5` does not hold",
        ),
        (
            {"silent": [*GOOD["examples"]["silent"][:1], {"dropout": 0.6}]},
            "when: no silent example in which only `dropout < 0.5` does not hold",
        ),
        (
            {"change": {"set": {"regularization.dropout": "dropout + train_val_gap / 0"}}},
            "examples.fires, number 1: the change cannot be computed from these facts",
        ),
        (
            {"change": {"set": {"regularization.dropout": "dropout"}}},
            "examples.fires, number 1: {regularization.dropout: 0.1} changes nothing",
        ),
        (
            {"change": {"set": {"regularization.dropout": "dropout + 0.9"}}},
            "examples.fires, number 1: {regularization.dropout: 1.0} gives no valid recipe: "
            "regularization.dropout: Input should be less than 1",
        ),
        (
            {"fires": [{"train_val_gap": 0.2, "dropout": -0.3}]},
            "examples.fires, number 1: no valid recipe has these values",
        ),
    ],
)
def test_a_problem_is_told(changes: dict[str, Any], problem: str) -> None:
    assert problems(rule(**changes)) == [problem]


def test_both_signs_are_needed() -> None:
    found = problems(rule(fires=[], silent=[]))
    assert "examples.fires: at least one example is needed" in found
    assert "examples.silent: at least one example is needed" in found


def test_fields_that_an_example_leaves_out_have_their_defaults() -> None:
    fires, silent = [{"train_val_gap": 0.2}], [{"train_val_gap": 0.05}]
    made = rule(when=["train_val_gap > 0.1"], fires=fires, silent=silent)
    assert problems(made) == []


def test_plausible_recipes_have_the_values_of_the_facts() -> None:
    facts: Facts = {
        "task": "binary",
        "optimizer": "sgd",
        "momentum": 0.5,
        "lr": 0.3,
        "model": "cnn",
    }
    (recipe,) = plausible_recipes(facts)
    assert recipe.task == "binary"
    assert (
        recipe.flat().items()
        >= {
            "optimizer.kind": "sgd",
            "optimizer.momentum": 0.5,
            "optimizer.lr": 0.3,
            "model.kind": "cnn",
        }.items()
    )
    assert {found.optimizer.kind for found in plausible_recipes({"weight_decay": 0.1})} == {
        "adamw",
        "nadam",
        "lion",
    }
