"""What is advised: exact where all is known, in words where it is not, and never against itself."""

from __future__ import annotations

import dataclasses

import pytest

from advisor.diagnosis import Diagnosis, Remark, judged
from advisor.diagnosis.adoption import adopted
from advisor.diagnosis.counsel import Counsellor
from advisor.diagnosis.remarks import in_agreement, rate_of, remark
from advisor.diagnosis.told import Told, checked
from advisor.logs import read_bytes
from advisor.recipe import Recipe
from advisor.symptoms import DETECTORS, Finding
from tests import recorded
from tests.diagnosis import logs
from tests.diagnosis.ours import as_case
from tests.symptoms.streams import recipe_of


def finding(symptom: str, severity: str = "optimisation") -> Finding:
    return Finding(symptom, "fired", severity, {}, "", "", "")  # type: ignore[arg-type]


def remarks(symptoms: list[str], recipe: Recipe | None = None) -> list[Remark]:
    findings = [finding(symptom) for symptom in symptoms]
    case = adopted(read_bytes(logs.keras(), "log"), Told(), recipe)
    counsellor = Counsellor(case, findings, logs.rules())
    return [remark(one, counsellor.on(one.symptom)) for one in findings]


def advice_of(found: Diagnosis, symptom: str) -> Remark:
    return next(one for one in found.remarks if one.finding.symptom == symptom)


@pytest.mark.parametrize("symptom", DETECTORS)
def test_every_symptom_has_something_to_say_on_any_log(symptom: str) -> None:
    (one,) = remarks([symptom])
    assert one.wrong
    assert one.references
    assert one.first or symptom in ("class_imbalance", "dead_units", "out_of_memory") or one.others


@pytest.mark.parametrize("symptom", DETECTORS)
def test_no_number_is_proposed_that_rests_on_what_nobody_told(symptom: str) -> None:
    (one,) = remarks([symptom])
    options = [one.option, *one.others] if one.option else [*one.others]
    assert all(option.change is None for option in options)


def test_a_logged_rate_makes_its_change_exact() -> None:
    data = logs.steps(lambda i: 2.3 * 0.9**i if i < 40 else 0.04 * 1.4 ** (i - 40), 80, lr=0.1)
    one = advice_of(logs.diagnosed(data), "divergence")
    assert one.option is not None
    assert one.option.rule == "lower-lr-after-divergence"
    assert one.option.changes == "optimizer.lr 0.1 -> 0.01"


def test_with_the_recipe_the_change_is_exact() -> None:
    recipe = recipe_of(train__epochs=30, model__hidden=(64, 64))
    one = advice_of(logs.diagnosed(logs.keras(), recipe, classes=10), "overfitting")
    assert one.option is not None
    assert one.option.change
    locked = recipe.changed({"tune.locked": ("regularization", "model", "optimizer", "loss")})
    one = advice_of(logs.diagnosed(logs.keras(), locked, classes=10), "overfitting")
    assert one.option is None


def test_conditions_that_nobody_can_judge_are_named() -> None:
    (one,) = remarks(["training_plateau"])
    assert one.option is None
    assert any("schedule" in condition for condition in one.others[0].depends)


def test_asking_whether_something_is_set_cannot_be_answered_for_what_nobody_told() -> None:
    (one,) = remarks(["exploding_gradients"])
    assert all("not known(clip_norm)" in option.depends for option in one.others[:1])


@pytest.mark.parametrize("name", recorded.NAMES)
def test_our_own_trials_get_changes_that_are_valid_recipes(name: str) -> None:
    case = as_case(name)
    for one in judged(case, logs.rules()).remarks:
        for option in (one.option, *one.others):
            if option is not None and option.change:
                changed = case.recipe.changed({k: then for k, (_, then) in option.change.items()})
                assert changed != case.recipe


def test_nothing_is_advised_on_the_rest_while_something_blocks() -> None:
    found = judged(as_case("rate-too-high"), logs.rules())
    first, *rest = found.remarks
    assert first.finding.gravity == "block"
    assert first.first
    assert rest
    assert all(one.waits and not one.first and one.option is None for one in rest)


def test_two_remarks_never_move_the_rate_both_ways() -> None:
    up, down, neither = remarks(["update_ratio_low", "loss_oscillation", "underfitting"])
    assert (up.rate, down.rate, neither.rate) == (1, -1, 0)
    first, second, third = in_agreement([up, down, neither])
    assert first.first
    assert "update ratio low" in second.waits
    assert not second.first
    assert third.first
    swapped = in_agreement([down, up])
    assert swapped[0].first
    assert swapped[1].waits
    others = in_agreement([down, dataclasses.replace(neither, others=(_option_of(1),))])
    assert others[1].others == ()


def _option_of(rate: int):  # noqa: ANN202
    rule = next(rule for rule in logs.rules() if rate_of(rule) == -rate)
    option = remarks(["loss_oscillation"])[0].option
    assert option is not None
    return dataclasses.replace(option, rule=rule.id, rate=rate)


def test_the_way_a_rule_moves_the_rate() -> None:
    by_id = {rule.id: rule for rule in logs.rules()}
    assert rate_of(by_id["lr-by-three"]) == -1
    assert rate_of(by_id["lr-times-three"]) == 1
    assert rate_of(by_id["dropout"]) == 0
    assert rate_of(by_id["range-test"]) == 0


def offered(one: Remark) -> set[str]:
    return {option.rule for option in one.options}


def conditions(one: Remark) -> list[str]:
    return [text for option in one.options for text in option.depends]


OF_IMAGES = {rule.id for rule in logs.rules() if {"image", "image_size"} & rule.reads}


def overfitted(data: bytes, recipe: Recipe | None = None, **told: object) -> Remark:
    case = adopted(read_bytes(data, "log"), checked(told, recipe is not None), recipe)
    found = finding("overfitting")
    counsels = Counsellor(case, [found], logs.rules()).on("overfitting")
    return remark(found, counsels, own={each.rule.id for each in counsels})


def test_a_language_model_is_not_offered_what_is_for_images() -> None:
    offers = offered(overfitted(logs.keras(), task="language_model"))
    assert offers
    assert not offers & OF_IMAGES
    assert "input-noise" not in offers  # for what is neither an image nor a text
    assert offered(overfitted(logs.keras())) >= {"padded-crops", "input-noise"}


@pytest.mark.parametrize(
    ("source", "model", "images"),
    [
        ("csv:flowers.csv", {"kind": "mlp", "hidden": (8,)}, False),
        ("sklearn:wine", {"kind": "mlp", "hidden": (8,)}, False),
        ("sklearn:digits", {"kind": "mlp", "hidden": (8,)}, True),
        ("npz:some.npz", {"kind": "cnn"}, True),
        ("npz:some.npz", {"kind": "mlp", "hidden": (8,)}, None),
    ],
)
def test_a_recipe_may_tell_whether_its_inputs_are_images(
    source: str, model: dict[str, object], images: bool | None
) -> None:
    content = {"name": "some", "task": "classification", "data": {"source": source}, "model": model}
    one = overfitted(logs.keras(), Recipe.model_validate(content), classes=10)
    assert ("padded-crops" in offered(one)) == (images is not False)
    assert ("image" in conditions(one)) == (images is None)


def test_a_task_that_is_guessed_is_told_with_what_rests_on_it() -> None:
    told, guessed = logs.keras(), logs.steps(lambda i: 1 / i, 80)
    assert "task in ('classification', 'binary')" not in conditions(overfitted(told))
    assert "task in ('classification', 'binary')" in conditions(overfitted(guessed))
    sure = overfitted(guessed, task="classification")
    assert "task in ('classification', 'binary')" not in conditions(sure)


def test_few_are_offered_and_no_two_for_one_guess() -> None:
    (one,) = remarks(["overfitting"])
    kinds = [text for text in conditions(one) if text.split()[0] in ("image", "model", "tokens")]
    assert len(one.others) == 3
    assert kinds
    assert len(set(kinds)) == len(kinds)
