"""Rules that go back to what is usual, and the detector that says what is: one and the same range.

The numbers stand twice, in `advisor.symptoms.settings` and in the rules, which are data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from advisor.facts import VOCABULARY, FactValue, measure
from advisor.history import History
from advisor.recipe import Recipe
from advisor.recipe_fields import recipe_fields
from advisor.rulebook import Rule, installed
from advisor.rulebook_testing import plausible_recipes
from advisor.symptoms.capability import USUAL_GAIN
from advisor.symptoms.finding import Evidence
from advisor.symptoms.flow import DEEP, deep_and_plain
from advisor.symptoms.settings import suspicious_values
from tests.symptoms.streams import Stream, recipe_of

SYMPTOM = "suspicious_values"
RULES = {rule.id: rule for rule in installed(VOCABULARY)}
USUAL = {name: rule for name, rule in RULES.items() if name.startswith("usual-")}
OF_SETTINGS = {
    name: rule for name, rule in USUAL.items() if rule.treats == SYMPTOM and len(rule.change) == 1
}
TOGETHER = "usual-regularizers"
STARTED = Stream().events()[:1]
ELSEWHERE = {
    "optimizer.lr": "range-test",
    "regularization.feature_dropout": "less-feature-dropout",
    "schedule": "decay-over-the-whole-run",
    "train.early_stopping.patience": "longer-patience",
}
"""Settings that a symptom of their own treats, and a rule for that."""
NOTED = {
    "optimizer.handover.lr": "hardly any recipe hands over, and what to is for a person to say",
    "regularization.attention_dropout": "only noted; overfitting adds 0.1 and no more",
    "regularization.embedding_dropout": "only noted; overfitting adds 0.1 and no more",
}
"""Settings that no rule takes back, and why."""
TOO_SMALL_EPS = 1e-12
"""Below it eps is odd, and does harm only by steps that are too large, which have their rules."""
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "usual-adaptive-rate": {
        "optimizer.kind": ("adam", "adamw", "nadam"),
        "optimizer.lr": (1e-4, 1e-3, 0.01, 0.0101, 0.1, 1.0),
    },
    "usual-dropout": {"regularization.dropout": (0.0, 0.05, 0.3, 0.5, 0.501, 0.6, 0.9)},
    "usual-eps": {
        "optimizer.kind": ("adam", "adamw", "nadam", "sgd", "rmsprop"),
        "optimizer.eps": (1e-12, 1e-8, 1e-4, 1e-3, 1.01e-3, 0.1, 1.0),
    },
    "usual-l2": {"regularization.l2": (0.0, 1e-4, 1e-3, 9.9e-3, 0.01, 0.011, 0.1, 0.5)},
    "usual-label-smoothing": {"regularization.label_smoothing": (0.0, 0.1, 0.2, 0.21, 0.5)},
    "usual-momentum": {
        "optimizer.kind": ("sgd", "rmsprop"),
        "optimizer.momentum": (0.0, 0.9, 0.98, 0.99, 0.995),
        "optimizer.lr": (1e-3, 0.01, 0.0101, 0.1, 1.0),
    },
    "usual-rotation": {"regularization.augmentation.rotation": (0.0, 10.0, 45.0, 46.0, 180.0)},
    "usual-weight-decay": {
        "optimizer.lr": (1e-4, 1e-3, 0.01, 0.1),
        "regularization.weight_decay": (0.0, 0.01, 0.1, 1.0, 1.01, 10.0),
    },
}
"""Values inside of each range, at its ends and beyond."""


def odd(recipe: Recipe) -> set[str]:
    """The paths that the detector names."""
    seen = suspicious_values(History(recipe, STARTED))
    assert isinstance(seen, Evidence)
    return set(seen.values)


def facts(recipe: Recipe) -> dict[str, FactValue]:
    """Of this recipe, with something odd in it: the rules' own numbers must say whether it is
    theirs."""
    return {**measure(recipe, STARTED), SYMPTOM: True}


def firing(rule: Rule) -> Recipe:
    """A recipe on which the rule fires, after its own first example."""
    example = next(example for example in rule.examples if example.fires)
    return next(one for one in plausible_recipes(example.facts) if rule.judge(facts(one)).fires)


def path_of(rule: Rule) -> str:
    (path,) = rule.change
    return path


def tried(base: Recipe, changes: dict[str, tuple[Any, ...]]) -> Iterator[Recipe]:
    """Every combination of these values that makes a recipe."""
    for values in product(*changes.values()):
        try:
            yield base.changed(dict(zip(changes, values, strict=True)))
        except (ValidationError, KeyError):
            continue


@pytest.mark.parametrize("name", OF_SETTINGS)
def test_a_rule_fires_on_what_is_odd_and_on_nothing_that_is_usual(name: str) -> None:
    rule, judged = RULES[name], set()
    for recipe in tried(firing(rule), GRIDS[name]):
        expected = path_of(rule) in odd(recipe)
        assert bool(rule.judge(facts(recipe)).fires) is expected, recipe.flat()[path_of(rule)]
        judged.add(expected)
    assert judged == {True, False}


@pytest.mark.parametrize("name", OF_SETTINGS)
def test_where_a_rule_goes_back_to_is_usual(name: str) -> None:
    rule = RULES[name]
    sick = firing(rule)
    change = rule.values(facts(sick))
    assert change is not None
    assert path_of(rule) in odd(sick)
    assert path_of(rule) not in odd(sick.changed(change))


def test_two_regularisers_go_back_to_what_each_goes_back_to() -> None:
    both, each = RULES[TOGETHER], (RULES["usual-dropout"], RULES["usual-l2"])
    sick = firing(both)
    assert both.values(facts(sick)) == {k: v for one in each for k, v in one.change.items()}
    for rule in each:
        assert rule.judge(facts(sick)).fires
        alone = sick.changed(dict(rule.change))
        assert not both.judge(facts(alone)).fires


def test_eps_is_odd_below_too_without_a_rule() -> None:
    recipe = recipe_of(optimizer={"kind": "adam", "eps": TOO_SMALL_EPS / 2})
    assert odd(recipe) == {"optimizer.eps"}
    assert not RULES["usual-eps"].judge(facts(recipe)).fires


def test_the_usual_gain_is_that_of_the_symptoms() -> None:
    rule = RULES["usual-gain"]
    known = {"poor_initialization": True, "initial_loss_off": False, "vanishing_gradients": False}
    for gain in (0.1, 0.49, 0.5, 1.0, 2.0, 2.01, 10.0):
        deep = recipe_of(model__hidden=(8,) * DEEP, initialization__gain=gain)
        fires = rule.judge({**known, "initialization_gain": gain}).fires
        assert fires is not deep_and_plain(deep)
        assert gain < 0.5 or fires is (gain > USUAL_GAIN)
    assert rule.values({}) == {"initialization.gain": 1.0}


def test_every_setting_that_is_looked_at_has_a_rule_or_a_reason() -> None:
    treated = {path for rule in RULES.values() if rule.treats == SYMPTOM for path in rule.change}
    assert set(GRIDS) == set(OF_SETTINGS)
    adaptive = {"optimizer.lr"}  # usual-adaptive-rate knows Adam's only, and only above
    assert treated & {*ELSEWHERE, *NOTED} == adaptive
    assert looked_at() == treated | set(ELSEWHERE) | set(NOTED)


@pytest.mark.parametrize(("path", "name"), ELSEWHERE.items())
def test_a_symptom_of_its_own_treats_the_others(path: str, name: str) -> None:
    rule = RULES[name]
    assert rule.active
    assert rule.treats not in (None, SYMPTOM)
    assert any(changed == path or changed.startswith(f"{path}.") for changed in rule.change)


@lru_cache(maxsize=1)
def looked_at() -> frozenset[str]:
    """Every path that the detector can name, found by setting each field of a recipe to values
    far apart."""
    found: set[str] = set()
    for base, path in product(bases(), recipe_fields()):
        for recipe in tried(base, {path: far_apart(path)}):
            found |= odd(recipe)
    return frozenset(found)


def bases() -> Iterator[Recipe]:
    plain = recipe_of(optimizer={"kind": "sgd", "lr": 0.1}, schedule={"kind": "polynomial"})
    yield plain.changed({"train.early_stopping": {"patience": 5}})
    yield recipe_of(model={"kind": "cnn", "stride": 2}, optimizer__handover={"lr": 0.01})
    optimizer = {"kind": "adamw", "lr": 0.01}
    yield recipe_of(model={"kind": "transformer"}, data={"source": "text:any"}, optimizer=optimizer)


def far_apart(path: str) -> tuple[Any, ...]:
    field = recipe_fields()[path]
    if field.choices:
        return field.choices
    if field.numeric:
        return (0, 1, 1000) if field.integer else (0.0, 1e-9, 0.6, 0.99, 10.0, 100.0)
    return ((1,), (1000,))
