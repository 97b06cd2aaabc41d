from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.facts import VOCABULARY, measure
from advisor.probe_facts import PROBED
from advisor.recipe import Recipe
from advisor.symptoms import DETECTORS
from tests.symptoms.streams import Stream, decay, healthy, recipe_of

NOT_MEASURED_HERE = {*DETECTORS, *(name for name, *_ in PROBED)}


def facts(stream: Stream) -> dict[str, object]:
    return dict(measure(stream.recipe, stream.events()))


def test_measure_gives_every_fact_but_symptoms_and_probes() -> None:
    assert set(facts(Stream())) == set(VOCABULARY) - NOT_MEASURED_HERE


def test_every_fact_is_explained_and_every_field_exists() -> None:
    possible = {path for recipe in _recipes() for path in recipe.flat()}
    for name, definition in VOCABULARY.items():
        assert definition.name == name
        assert definition.meaning
        assert definition.field is None or definition.field in possible


def _recipes() -> list[Recipe]:
    plain = recipe_of()
    return [
        plain,
        recipe_of(optimizer__kind="sgd"),
        recipe_of(train__early_stopping={"patience": 3}),
        recipe_of(task="regression", loss__kind="huber"),
        plain.changed({"model": {"kind": "cnn"}}),
        plain.changed({"model": {"kind": "resnet"}}),
        plain.changed({"model": {"kind": "rnn"}}),
        plain.changed({"model": {"kind": "transformer"}}),
        plain.changed({"loss.kind": "focal", "schedule.kind": "cosine"}),
        plain.changed({"optimizer.handover": {}, "regularization.average": {}}),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_values_have_the_type_that_the_vocabulary_says(seed: int) -> None:
    kinds = {"number": (int, float), "flag": (bool,), "text": (str,)}
    for name, value in facts(healthy(seed)).items():
        definition = VOCABULARY[name]
        if value is not None:
            assert isinstance(value, kinds[definition.type]), name
            assert definition.type == "flag" or not isinstance(value, bool), name


def test_before_the_first_event_only_the_recipe_is_known() -> None:
    found = measure(recipe_of(), [])
    known = {name for name, value in found.items() if value is not None}
    assert found["optimizer"] == "adam"
    assert found["momentum"] is None
    structure = {"width", "depth", "hidden_layers", "residual_links", "weighted_loss", "portion"}
    structure |= {"links_would_fit", "tokens", "narrowest"}
    assert known <= {n for n, d in VOCABULARY.items() if d.field is not None} | structure


def test_fields_that_this_recipe_lacks_are_not_known() -> None:
    found = measure(recipe_of(optimizer__kind="sgd", optimizer__momentum=0.9), [])
    assert (found["momentum"], found["beta1"], found["clip_norm"]) == (0.9, None, None)


def test_numbers_of_a_known_run() -> None:
    stream = Stream(
        step_noise=0.0,
        evaluation_noise=0.0,
        metric_noise=False,
        validation_examples=400,
        train_loss=decay(2.0, 0.0, 3.0),
        validation_loss=lambda share: 1.0 - 0.5 * share,
        train_metric=lambda share: 0.98,
        validation_metric=lambda share: 0.5 + 0.4 * share,
    )
    found = facts(stream)
    assert found["validation_metric"] == pytest.approx(0.9)
    assert found["train_val_gap"] == pytest.approx(0.08)
    assert found["best_position"] == 1.0
    assert found["metric_error"] == pytest.approx(math.sqrt(0.9 * 0.1 / 400))
    assert found["lift_over_chance"] == pytest.approx(0.8 / math.sqrt(0.1 * 0.9 / 400))
    assert found["loss_slope"] == pytest.approx(-3.0, rel=0.02)
    assert found["total_steps"] == 10 * (2000 // 32)
    assert found["image"] is True
    assert (found["image_size"], found["image_channels"]) == (8, 1)


def test_the_gap_is_positive_for_errors_too() -> None:
    recipe = recipe_of(task="regression", metric="rmse")
    stream = Stream(
        recipe=recipe,
        class_shares=None,
        chance_metric=50.0,
        train_metric=lambda share: 10.0,
        validation_metric=lambda share: 30.0 - share,
    )
    assert facts(stream)["train_val_gap"] == pytest.approx(19 / 50)


def test_the_best_position_waits_for_the_end() -> None:
    running = Stream(until=0.5).events()[:-1]
    assert measure(recipe_of(), running)["best_position"] is None
    assert measure(recipe_of(), running)["train_metric"] is not None


def test_values_that_are_not_finite_are_not_known() -> None:
    broken = replace(Stream(), train_loss=lambda share: math.nan)
    found = facts(broken)
    assert found["last_train_loss"] is None
    assert not any(isinstance(v, float) and not math.isfinite(v) for v in found.values())


@pytest.mark.parametrize(
    ("model", "width", "depth", "hidden", "linked"),
    [
        ({"kind": "mlp", "hidden": [32, 16]}, 32, 3, 2, False),
        ({"kind": "mlp", "hidden": [32, 32], "residual": True}, 32, 3, 2, True),
        ({"kind": "cnn", "channels": [8, 16], "convolutions": 2, "hidden": []}, 16, 5, 0, False),
        ({"kind": "resnet", "channels": [8, 16], "blocks": 2}, 16, 10, 0, True),
        ({"kind": "rnn", "units": 24, "layers": 2, "hidden": [48]}, 48, 4, 1, False),
        ({"kind": "transformer", "units": 16, "feedforward": 64, "layers": 2}, 64, 9, 0, True),
        ({"kind": "own", "torch": "/nets.py:Net"}, None, None, None, None),
    ],
)
def test_the_size_of_every_model_is_known_but_of_ones_own(
    model: dict[str, object], width: int, depth: int, hidden: int, linked: bool
) -> None:
    found = measure(recipe_of(model=model), [])
    names = ("width", "depth", "hidden_layers", "residual_links")
    assert [found[name] for name in names] == [width, depth, hidden, linked]


def test_the_rarer_value_of_a_label_is_what_is_rare() -> None:
    recipe = recipe_of(task="multilabel")
    stream = Stream(recipe=recipe, class_shares=(0.3, 0.95, 0.5), outputs=3)
    assert facts(stream)["minority_share"] == pytest.approx(0.05)
    assert facts(Stream(class_shares=(0.3, 0.7)))["minority_share"] == 0.3


def test_portions_and_weights_of_the_loss() -> None:
    recipe = recipe_of(train__accumulation=4, loss__class_weights="balanced")
    found = measure(recipe, [])
    assert (found["portion"], found["weighted_loss"]) == (8, True)


def test_clipped_steps_are_counted() -> None:
    half = Stream(
        recipe=recipe_of(optimizer__clip_norm=1.0),
        gradient=lambda share: 2.0 if share < 0.5 else 0.5,
        gradient_noise=0.01,
    )
    assert facts(half)["clipped_share"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("model", "side"),
    [
        ({"kind": "cnn", "channels": (4,), "pooling": "none"}, 8),
        ({"kind": "cnn", "channels": (4,)}, 4),
        ({"kind": "cnn", "channels": (4, 4)}, 2),
        ({"kind": "cnn", "channels": (4, 4), "stride": 2}, 0),  # 8, 4, 2, 1: the last pool has none
        ({"kind": "cnn", "channels": (4, 4), "stride": 2, "pooling": "none"}, 2),
        ({"kind": "mlp"}, None),
        ({"kind": "resnet"}, None),
    ],
)
def test_what_convolutions_leave_of_an_image_of_8_by_8(
    model: dict[str, object], side: int | None
) -> None:
    assert facts(Stream(recipe_of(model=model)))["feature_map"] == side


def test_the_shorter_side_of_an_image_tells_what_is_left() -> None:
    recipe = recipe_of(model={"kind": "cnn", "channels": (4,)})
    started, *rest = Stream(recipe).events()
    for shape, side in (([6, 20, 3], 3), ([20, 7, 3], 3), ([64], None)):
        seen = replace(started, data=replace(started.data, input_shape=shape))  # type: ignore
        assert measure(recipe, [seen, *rest])["feature_map"] == side
