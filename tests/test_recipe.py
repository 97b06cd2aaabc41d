from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from advisor.recipe import LOSSES, METRICS, Recipe, sections_with_kinds
from tests.recipe_strategies import FIELDS, recipes

MINIMAL: dict[str, Any] = {
    "task": "classification",
    "data": {"source": "sklearn:digits"},
    "model": {"kind": "mlp"},
}


def made(**fields: Any) -> Recipe:
    return Recipe.model_validate({**MINIMAL, **fields})


@pytest.mark.parametrize("task", METRICS)
def test_loss_and_metric_follow_from_the_task(task: Any) -> None:
    text = {"data": {"source": "text:a.txt"}, "model": {"kind": "rnn"}}
    recipe = made(task=task, **(text if task == "language_model" else {}))
    assert recipe.loss.kind == LOSSES[task][0]
    assert recipe.metric == METRICS[task][0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"loss": {"kind": "mse"}}, "does not fit task classification"),
        ({"metric": "r2"}, "does not fit task classification"),
        ({"regularization": {"weight_decay": 0.1}}, "needs optimizer.kind adamw, nadam, lion"),
        (
            {"task": "binary", "regularization": {"label_smoothing": 0.1}},
            "needs loss cross_entropy",
        ),
        ({"optimizer": {"kind": "sgd", "nesterov": True}}, "nesterov needs a momentum"),
        ({"tune": {"locked": ("optimizer.momentum",)}}, "not a field of this recipe"),
        ({"tune": {"budget": "12"}}, "a whole number and a unit"),
        ({"tune": {"budget": "0e"}}, "a whole number and a unit"),
        ({"tune": {"locked": ("model.arguments",)}}, "not a field of this recipe"),
        ({"data": {"source": "digits"}}, "must be sklearn:NAME, npz:PATH, csv:PATH"),
        ({"data": {"source": "python:load"}}, "must be python:FILE.py:FUNCTION"),
        ({"model": {"kind": "own"}}, "needs model.torch, model.jax or both"),
        ({"model": {"kind": "own", "torch": "nets.py"}}, "should match pattern"),
        ({"model": {"kind": "transformer", "units": 10, "heads": 3}}, "a multiple of model.heads"),
        ({"train": {"batch_size": 10, "accumulation": 3}}, "multiple of train.accumulation"),
        (
            {"data": {"source": "sklearn:x", "validation": 0.5, "test": 0.5}},
            "must leave at least a tenth",
        ),
        ({"optimizer": {"kind": "adam", "lr": float("nan")}}, "finite"),
        ({"optimizer": {"kind": "adam", "lr": "0.1"}}, "valid number"),
        ({"train": {"epochs": 1.0}}, "valid integer"),
        ({"extra": 1}, "not permitted"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(**fields)


TEXT = {"source": "text:a.txt"}
OWN = {"kind": "own", "torch": "nets.py:Net"}
MISFITS: list[tuple[dict[str, Any], str]] = [
    (
        {"task": "binary", "loss": {"kind": "focal", "class_weights": "balanced"}},
        "loss.class_weights needs task classification; found binary",
    ),
    (
        {"loss": {"kind": "focal", "positive_weight": 2.0}},
        "loss.positive_weight needs task binary or multilabel; found classification",
    ),
    (
        {"task": "multilabel", "train": {"sampling": "balanced"}},
        "train.sampling balanced needs task classification or binary; found multilabel",
    ),
    *[
        ({"model": model, "regularization": {name: 0.1}}, f"regularization.{name} needs model.kind")
        for name, model in (
            ("dropout", OWN),
            ("feature_dropout", {"kind": "mlp"}),
            ("embedding_dropout", {"kind": "cnn"}),
            ("attention_dropout", {"kind": "rnn"}),
            ("stochastic_depth", {"kind": "cnn"}),
        )
    ],
    (
        {"regularization": {"stochastic_depth": 0.1}},
        "stochastic_depth needs model.residual with model.kind mlp",
    ),
    (
        {"model": OWN, "initialization": {"output_bias": "prior"}},
        "initialization.output_bias needs a model that is not your own",
    ),
    (
        {"model": OWN, "transfer": {"weights": "a.safetensors"}},
        "transfer.weights needs a model that is not your own",
    ),
    (
        {"transfer": {"thaw": 0.5, "frozen": ("conv1",)}},
        "transfer.thaw and transfer.frozen exclude each other",
    ),
    (
        {"task": "language_model", "data": TEXT},
        "task language_model needs model.kind rnn or transformer; found mlp",
    ),
    (
        {"task": "language_model", "model": {"kind": "rnn"}},
        "task language_model needs data.source text:PATH; found sklearn:digits",
    ),
    (
        {
            "data": TEXT,
            "model": {"kind": "rnn"},
            "regularization": {"augmentation": {"noise": 0.1}},
        },
        "regularization.augmentation needs images or tables; data.source is text",
    ),
    ({"data": TEXT}, "data.source text needs model.kind rnn or transformer; found mlp"),
    (
        {"data": {"source": "csv:a.csv", "split": "group"}},
        "data.split group needs data.group, the column of group names",
    ),
    (
        {"task": "regression", "data": {"source": "images:photos"}},
        "data.source images needs task classification or binary; found regression",
    ),
]


@pytest.mark.parametrize(("fields", "said"), MISFITS)
def test_sections_that_do_not_fit_together_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(**fields)


def test_what_fits_is_near_what_does_not() -> None:
    made(model={"kind": "mlp", "residual": True}, regularization={"stochastic_depth": 0.1})
    made(data={"source": "csv:a.csv", "split": "group", "group": "patient"})
    made(data={"source": "npz:a.npz", "split": "group"})
    made(transfer={"frozen": ("conv1",)})
    made(task="language_model", data=TEXT, model=OWN)
    made(tune={"locked": ("transfer.multipliers", "transfer")})
    made(model=OWN, tune={"locked": ("model.arguments",)})


def test_items_of_a_mapping_are_fields() -> None:
    recipe = made(
        model={**OWN, "arguments": {"width": 8, "name": "x"}},
        transfer={"multipliers": {"block1.attention": 0.1}},
        tune={"locked": ("model.arguments",)},
    )
    assert recipe.get("model.arguments.width") == 8
    assert recipe.get("transfer.multipliers.block1.attention") == 0.1
    assert recipe.locks("model.arguments.width")
    assert not recipe.locks("transfer.multipliers.block1.attention")
    changed = recipe.changed(
        {"model.arguments.width": 16, "transfer.multipliers.block2.attention": 1.0}
    )
    assert changed.get("model.arguments.width") == 16
    assert changed.get("model.arguments.name") == "x"
    assert changed.get("transfer.multipliers.block1.attention") == 0.1
    assert changed.get("transfer.multipliers.block2.attention") == 1.0
    assert changed.digest() != recipe.digest()
    assert not recipe.changed({"transfer.multipliers": {}}).has("transfer.multipliers.block1")
    with pytest.raises(ValidationError):
        recipe.changed({"transfer.multipliers.conv1": -1})


def test_equal_recipes_have_one_hash() -> None:
    one = made(transfer={"multipliers": {"a": 1.0, "b": 2.0}})
    other = made(transfer={"multipliers": {"b": 2.0, "a": 1.0}})
    assert one == other
    assert len({one, other, made()}) == 2


def test_flat_names_every_field_by_path() -> None:
    flat = made().flat()
    assert flat["optimizer.lr"] == 1e-3
    assert flat["regularization.augmentation.crop"] == 0
    assert flat["train.early_stopping"] is None
    assert made().get("model.hidden") == (64,)
    assert made().has("optimizer.beta1")
    assert not made().has("optimizer.momentum")
    with pytest.raises(KeyError):
        made().get("optimizer.momentum")


def test_a_locked_section_locks_what_is_in_it() -> None:
    recipe = made(tune={"locked": ("optimizer", "train.seed")})
    assert recipe.locks("optimizer.lr")
    assert recipe.locks("train.seed")
    assert not recipe.locks("train.epochs")
    assert not made(tune={"locked": ("train.epochs",)}).locks("train")


def test_another_kind_keeps_the_fields_it_also_has() -> None:
    recipe = made(optimizer={"kind": "adam", "lr": 0.5, "clip_norm": 2.0, "beta1": 0.8})
    changed = recipe.changed({"optimizer.momentum": 0.9, "optimizer.kind": "sgd"})
    assert changed.flat()["optimizer.lr"] == 0.5
    assert changed.flat()["optimizer.clip_norm"] == 2.0
    assert changed.flat()["optimizer.momentum"] == 0.9
    assert not changed.has("optimizer.beta1")


def test_changed_opens_a_section_that_was_not_there() -> None:
    changed = made().changed({"train.early_stopping.patience": 3})
    assert changed.train.early_stopping is not None
    assert changed.train.early_stopping.patience == 3
    assert changed.changed({"train.early_stopping": None}) == made()


def test_changed_refuses_what_is_no_field() -> None:
    with pytest.raises(ValidationError):
        made().changed({"optimizer.momentum": 0.9})
    with pytest.raises(KeyError):
        made().changed({"optimizer.lr.peak": 0.9})


def test_digest_is_of_the_training_alone() -> None:
    recipe = made()
    assert recipe.digest() == made(name="other", tune={"budget": "9e"}).digest()
    assert recipe.digest() != recipe.changed({"train.seed": 1}).digest()
    assert recipe.digest() != recipe.changed({"optimizer.lr": 2e-3}).digest()


def test_every_kind_names_itself() -> None:
    sections = sections_with_kinds()
    assert set(sections) == {"model", "loss", "optimizer", "schedule"}
    for classes in sections.values():
        for kind, cls in classes.items():
            assert cls.model_fields["kind"].default == kind


@given(recipes())
def test_changing_nothing_gives_the_same_recipe(recipe: Recipe) -> None:
    same = recipe.changed({})
    assert same == recipe
    assert same.digest() == recipe.digest()
    assert recipe.changed(recipe.flat()) == recipe


@given(recipes(), st.data())
def test_changed_gives_a_valid_recipe_or_refuses(recipe: Recipe, data: st.DataObject) -> None:
    section = data.draw(st.sampled_from(["model", "loss", "optimizer", "schedule"]))
    kinds = sections_with_kinds()[section]
    values: dict[str, Any] = {f"{section}.kind": data.draw(st.sampled_from([*kinds, "other"]))}
    name = data.draw(st.sampled_from(sorted(FIELDS)))
    if data.draw(st.booleans()):
        values[f"{section}.{name}"] = data.draw(FIELDS[name] | st.sampled_from([-1, "x", None]))
    try:
        changed = recipe.changed(values)
    except ValidationError:
        return
    assert Recipe.model_validate_json(changed.model_dump_json()) == changed
    for path, value in values.items():
        if not isinstance(value, dict):
            expected = tuple(value) if isinstance(value, list) else value
            assert changed.get(path) == expected
