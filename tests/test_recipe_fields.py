from __future__ import annotations

import pytest

from advisor.recipe import Recipe, sections_with_kinds
from advisor.recipe_fields import recipe_fields


def test_every_field_of_every_kind_is_there() -> None:
    raw = {"task": "classification", "data": {"source": "sklearn:any"}, "model": {"kind": "mlp"}}
    base = Recipe.model_validate(raw)
    known = set(recipe_fields())
    for section, kinds in sections_with_kinds().items():
        for cls in kinds.values():
            assert {f"{section}.{name}" for name in cls.model_fields} <= known
    assert set(base.flat()) <= known
    opened = [
        "train.early_stopping.patience",
        "optimizer.handover.at",
        "regularization.average.kind",
    ]
    assert set(opened) <= known
    assert set(base.changed({opened[0]: 3, opened[1]: 0.5, opened[2]: "swa"}).flat()) <= known
    assert {"model.arguments", "transfer.multipliers"} <= known


@pytest.mark.parametrize(
    ("path", "numeric", "integer"),
    [
        ("optimizer.lr", True, False),
        ("optimizer.clip_norm", True, False),
        ("train.batch_size", True, True),
        ("train.early_stopping.patience", True, True),
        ("model.kernel_size", True, True),
        ("optimizer.nesterov", False, False),
        ("model.hidden", False, False),
        ("model.activation", False, False),
        ("data.target", False, False),
        ("train.early_stopping", False, False),
        ("optimizer.handover.lr", True, False),
        ("loss.class_weights", False, False),
        ("loss.positive_weight", False, False),
        ("transfer.multipliers", False, False),
        ("regularization.stochastic_depth", True, False),
    ],
)
def test_what_a_rule_may_compute(path: str, numeric: bool, integer: bool) -> None:
    assert recipe_fields()[path].numeric is numeric
    assert recipe_fields()[path].integer is integer


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("optimizer.lr", 0.1, True),
        ("optimizer.lr", 1, True),
        ("optimizer.lr", True, False),
        ("optimizer.lr", "0.1", False),
        ("optimizer.lr", float("nan"), False),
        ("optimizer.lr", None, False),
        ("optimizer.clip_norm", None, True),
        ("optimizer.momentum", 1.0, False),
        ("model.hidden", [64, 32], True),
        ("model.hidden", [64, 0], False),
        ("model.hidden", [], True),
        ("model.channels", [], False),
        ("schedule.kind", "one_cycle", True),
        ("schedule.kind", "one-cycle", False),
        ("train.early_stopping", None, True),
        ("train.epochs", 2.5, False),
        ("data.target", "price", True),
        ("name", b"bytes", False),
        ("loss.class_weights", "balanced", True),
        ("loss.class_weights", [1.0, 2.0], True),
        ("loss.class_weights", "equal", False),
        ("loss.positive_weight", 3.0, True),
        ("optimizer.handover", None, True),
        ("regularization.average.kind", "swa", True),
        ("transfer.multipliers", {"conv1": -1.0}, False),
    ],
)
def test_what_may_stand_in_a_field(path: str, value: object, allowed: bool) -> None:
    assert (recipe_fields()[path].allows(value) is None) is allowed


def test_choices_are_those_of_all_kinds() -> None:
    optimizers = ("sgd", "rmsprop", "adagrad", "adam", "adamw", "nadam", "lion")
    assert recipe_fields()["optimizer.kind"].choices == optimizers
    assert recipe_fields()["model.kernel_size"].choices == (1, 3, 5, 7)
    assert recipe_fields()["model.normalization"].choices == ("none", "batch", "layer", "group")
    assert recipe_fields()["optimizer.lr"].choices == ()
