"""What the advisor never does, whatever the rules at hand: rules are held to it one by one."""

from __future__ import annotations

import pytest

from advisor.facts import VOCABULARY
from advisor.rulebook import Rule, installed
from advisor.symptoms import DETECTORS

RULES = installed(VOCABULARY)
every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
STRENGTHS = ("regularization.", "optimizer.weight_decay")
COUPLED = (
    {"train.batch_size", "optimizer.lr"},
    {"optimizer.momentum", "optimizer.lr"},
    {"optimizer.clip_norm", "optimizer.lr"},
    {"optimizer.kind", "optimizer.lr"},
    {"optimizer.kind", "regularization.weight_decay"},
    {"optimizer.handover.at", "optimizer.handover.lr"},
    {"schedule.kind", "optimizer.lr"},
    {"schedule.kind", "schedule.gamma", "schedule.milestones"},
    {"schedule.kind", "schedule.factor", "schedule.patience"},
    {"initialization.kind", "initialization.gain"},
    {"model.activation", "initialization.kind", "initialization.gain"},
    {"model.channels", "model.hidden"},
    {"regularization.augmentation.mixup", "regularization.augmentation.cutmix"},
    {"regularization.dropout", "regularization.l2"},
)
"""Fields that one change may move together, because one means nothing without the other, or, of
two that are far too strong, hides what easing the other does."""


def adds_regularization(rule: Rule) -> bool:
    """Weight averages and all that lowers a strength aside."""
    fires = next(example.facts for example in rule.examples if example.fires)
    values = rule.values(fires) or {}
    before = {definition.field: fires.get(name) for name, definition in VOCABULARY.items()}
    return any(
        path.startswith(STRENGTHS)
        and not path.startswith("regularization.average")
        and _stronger(value, before.get(path))
        for path, value in values.items()
    )


def _stronger(value: object, before: object) -> bool:
    if isinstance(value, int | float) and isinstance(before, int | float):
        return value > before
    return bool(value)


@every_rule
def test_nothing_is_regularised_that_underfits(rule: Rule) -> None:
    if not adds_regularization(rule):
        return
    assert rule.stage in ("regularization", "finish", "learning_rate")
    for example in rule.examples:
        if example.fires:
            facts = {**example.facts, "underfitting": True, "over_regularized": False}
            assert rule.judge(facts).fires is False


def test_some_rules_add_regularisation() -> None:
    assert sum(map(adds_regularization, RULES)) > 10


@every_rule
def test_one_thing_changes_at_a_time(rule: Rule) -> None:
    if len(rule.change) > 1:
        assert set(rule.change) in COUPLED


@every_rule
def test_a_larger_batch_is_never_chosen_for_its_score(rule: Rule) -> None:
    fires = next(example.facts for example in rule.examples if example.fires)
    size = (rule.values(fires) or {}).get("train.batch_size", 0)
    if isinstance(size, int | float) and size > (fires.get("batch_size") or 0):
        assert rule.criterion == "no worse"


@every_rule
def test_what_could_not_be_judged_moves_nothing(rule: Rule) -> None:
    """Where a symptom is what makes the rule fire, not knowing it does not."""
    for example in rule.examples:
        named = [name for name in example.facts if name in DETECTORS and example.facts[name]]
        if example.fires and rule.judge({**example.facts, **dict.fromkeys(named, False)}).fires:
            continue
        if example.fires:
            assert rule.judge({**example.facts, **dict.fromkeys(named)}).fires is None


@every_rule
def test_what_decides_is_never_changed(rule: Rule) -> None:
    for path in rule.change:
        assert not path.startswith(("metric", "task", "tune", "train.seed", "data.s", "data.t"))
