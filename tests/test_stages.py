from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from advisor.recipe import STAGE_NAMES, Recipe
from advisor.recipe_fields import recipe_fields as fields
from advisor.stages import (
    INVALIDATES,
    STAGES,
    fits_already,
    ordered,
    passed,
    reason_to_skip,
    reopened_by,
    to_mend,
)
from advisor.symptoms import Finding, arranged
from advisor.symptoms.causes import leads_to
from tests import simulation

BY_NAME = {stage.name: stage for stage in STAGES}


def fired(symptom: str, severity: str = "block", **evidence: float) -> Finding:
    leads = leads_to(symptom)
    return Finding(symptom, "fired", severity, evidence, "", "", "", leads)  # type: ignore[arg-type]


def test_every_stage_of_the_rules_is_in_the_order() -> None:
    assert tuple(BY_NAME) == STAGE_NAMES


def test_first_train_then_perform_then_generalise() -> None:
    phases = list(dict.fromkeys(stage.phase for stage in STAGES))
    assert phases == ["make it train", "raise performance", "suppress overfitting", "finish"]


def test_shares_of_the_budget_rise_to_the_whole() -> None:
    assert STAGES[0].until == 1.0
    shares = [stage.until for stage in STAGES[1:]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_nothing_but_the_first_and_last_stage_is_open_while_it_does_not_train() -> None:
    open_stages = [s.name for s in STAGES if reason_to_skip(s, [fired("no_learning")]) is None]
    assert open_stages == ["sanity", "finish"]


def test_regularisation_waits_until_something_overfits() -> None:
    stage = BY_NAME["regularization"]
    assert reason_to_skip(stage, [])
    assert reason_to_skip(stage, [fired("overfitting", "generalisation")]) is None
    under = [fired("overfitting", "generalisation"), fired("underfitting", "optimisation")]
    assert reason_to_skip(stage, under)


def test_sanity_is_passed_when_nothing_blocks() -> None:
    assert passed(BY_NAME["sanity"], [fired("overfitting", "generalisation")])
    assert not passed(BY_NAME["sanity"], [fired("slow_learning", "optimisation")])
    assert not passed(BY_NAME["sanity"], [fired("divergence")])
    assert not passed(BY_NAME["learning_rate"], [])


def test_a_new_batch_size_reopens_rate_and_regularisation() -> None:
    assert reopened_by(["train.batch_size"]) == ("learning_rate", "regularization")
    assert reopened_by(["regularization.dropout"]) == ()


@pytest.mark.parametrize("path", INVALIDATES)
def test_what_invalidates_is_a_field(path: str) -> None:
    assert any(name == path or name.startswith(path) for name in fields())
    assert isinstance(Recipe, type)


@pytest.mark.parametrize("stages", INVALIDATES.values())
def test_what_is_reopened_is_a_stage(stages: tuple[str, ...]) -> None:
    assert set(stages) <= set(BY_NAME)


def test_the_first_stage_mends_the_cause_of_what_blocks() -> None:
    found = arranged([fired("no_learning"), fired("dead_units", "optimisation")])
    assert to_mend(found) == {"dead_units", "no_learning"}
    assert not passed(BY_NAME["sanity"], found)


def test_a_setting_that_is_wrong_by_itself_is_mended_though_it_blocks_nothing() -> None:
    found = arranged([fired("clipping_overload", "optimisation")])
    assert to_mend(found) == {"clipping_overload"}
    assert to_mend(arranged([fired("batch_norm_small_batch", "info")])) == frozenset()


def test_an_odd_value_is_mended_and_so_is_what_it_led_to() -> None:
    odd = fired("suspicious_values", "info")
    found = arranged([replace(odd, leads_to=("decay_too_early",)), fired("decay_too_early")])
    assert to_mend(found) == {"suspicious_values", "decay_too_early"}


def test_regularisers_go_before_anything_else_is_done_about_underfitting() -> None:
    assert "over_regularized" in to_mend([fired("underfitting", "optimisation")])
    assert "over_regularized" not in to_mend([fired("underfitting", "info")])


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([fired("overfitting", "generalisation", train_shortfall=0.0)], True),
        ([fired("overfitting", "generalisation", train_shortfall=0.2)], False),
        ([fired("overfitting", train_shortfall=0.2), fired("overtraining")], True),
        ([fired("overfitting", train_shortfall=0.0), fired("underfitting")], False),
        ([], False),
    ],
)
def test_when_a_better_fit_has_nothing_to_give(findings: list[Finding], expected: bool) -> None:
    assert fits_already(findings) is expected


def recipe(**tune: object) -> Recipe:
    return simulation.recipe(**{f"tune.{name}": value for name, value in tune.items()})


def test_a_recipe_may_reorder_skip_and_add_stages() -> None:
    own = {"name": "quantize", "until": 0.97, "trials": 2}
    wanted = ("sanity", "regularization", "learning_rate", own, "finish")
    found = ordered(recipe(stages=wanted, skip=("learning_rate",)))
    assert [stage.name for stage in found] == ["sanity", "regularization", "quantize", "finish"]
    assert found[2].most_trials == 2


@given(st.permutations(STAGE_NAMES))
def test_what_comes_later_may_spend_at_least_as_much(order: list[str]) -> None:
    shares = [s.until for s in ordered(recipe(stages=tuple(order))) if s.name != "sanity"]
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("tune", "told"),
    [
        ({"stages": ["sanity", "sanity"]}, "each may be named once: sanity"),
        ({"stages": []}, "is empty"),
        ({"stages": [{"name": "finish"}]}, "is a stage already"),
        ({"skip": ["learning rate"]}, "learning_rate"),
    ],
)
def test_stages_that_cannot_be(tune: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        recipe(**tune)
