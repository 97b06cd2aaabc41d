"""The layers that a recipe's model becomes, and their shapes."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import reference
from advisor.architecture import (
    Activation,
    Attention,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAverage,
    GroupNorm,
    LastStep,
    Layer,
    LayerNorm,
    MaxPool,
    Positions,
    Recurrent,
    Residual,
    Rows,
    ShapeError,
    drop_rates,
    expand,
    forward_flops,
    initial_weights,
    sinusoids,
    walk,
)
from advisor.recipe import Initialization
from advisor.testing import ACTIVATIONS, family_job
from advisor.testing.families import STEPPED
from tests.building import recipe

# Dense and convolutional models


def test_an_mlp_on_a_table() -> None:
    layers = expand(recipe(kind="mlp", hidden=(5, 4), activation="tanh"), (3,), 2)
    assert layers == (
        Dense("dense1", 3, 5),
        Activation("dense1.activation", "tanh"),
        Dropout("dense1.dropout", 0.25),
        Dense("dense2", 5, 4),
        Activation("dense2.activation", "tanh"),
        Dropout("dense2.dropout", 0.25),
        Dense("output", 4, 2),
    )


def test_an_mlp_without_hidden_layers_is_a_linear_model() -> None:
    assert expand(recipe(kind="mlp", hidden=()), (3,), 1) == (Dense("output", 3, 1),)


def test_an_mlp_flattens_images() -> None:
    layers = expand(recipe(kind="mlp", hidden=()), (4, 5, 3), 2)
    assert layers == (Flatten("flatten"), Dense("output", 60, 2))


def test_hidden_layers_of_equal_width_can_be_residual() -> None:
    layers = expand(recipe(kind="mlp", hidden=(3, 5, 5), residual=True), (3,), 2)
    around = {layer.name: layer for layer in layers if isinstance(layer, Residual)}
    assert list(around) == ["dense1.residual", "dense3.residual"]
    assert around["dense3.residual"].shortcut == ()
    assert [layer.name for layer in around["dense3.residual"].body] == [
        "dense3",
        "dense3.activation",
        "dense3.dropout",
    ]


@pytest.mark.parametrize(
    ("norm", "made"),
    [
        ("batch", (BatchNorm("conv1.norm", 6), BatchNorm("conv2.norm", 12))),
        ("layer", (LayerNorm("conv1.norm", 6), LayerNorm("conv2.norm", 12))),
        ("group", (GroupNorm("conv1.norm", 6, 3), GroupNorm("conv2.norm", 12, 6))),
    ],
)
def test_a_cnn_halves_the_image_in_each_block(norm: str, made: tuple[Layer, Layer]) -> None:
    model: dict[str, Any] = {
        "channels": (6, 12),
        "kernel_size": 5,
        "normalization": norm,
        "hidden": (),
    }
    assert expand(recipe(kind="cnn", **model), (11, 8, 3), 4) == (
        Conv("conv1", 3, 6, 5),
        made[0],
        Activation("conv1.activation", "relu"),
        MaxPool("conv1.pool"),
        Dropout("conv1.dropout", 0.0),
        Conv("conv2", 6, 12, 5),
        made[1],
        Activation("conv2.activation", "relu"),
        MaxPool("conv2.pool"),
        Dropout("conv2.dropout", 0.0),
        Flatten("flatten"),
        Dense("output", 2 * 2 * 12, 4),
    )


def test_a_cnn_that_strides_and_averages() -> None:
    model: dict[str, Any] = {"channels": (6,), "convolutions": 2, "stride": 2, "pooling": "average"}
    rates = {"feature_dropout": 0.1}
    layers = expand(
        recipe(rates=rates, kind="cnn", head="average", hidden=(9,), **model), (11, 8, 3), 4
    )
    assert layers == (
        Conv("conv1_1", 3, 6, 3, 2),
        Activation("conv1_1.activation", "relu"),
        Conv("conv1_2", 6, 6, 3, 1),
        Activation("conv1_2.activation", "relu"),
        AveragePool("conv1.pool"),
        Dropout("conv1.dropout", 0.1),
        GlobalAverage("average"),
        Dense("dense1", 6, 9),
        Activation("dense1.activation", "relu"),
        Dropout("dense1.dropout", 0.0),
        Dense("output", 9, 4),
    )


def test_resnets_normalise_after_the_convolution_or_before_it() -> None:
    def bodies(order: str) -> list[tuple[list[str], list[str]]]:
        made = expand(recipe(kind="resnet", channels=(4, 6), order=order), (8, 8, 3), 2)
        return [
            ([type(one).__name__ for one in layer.body], [one.name for one in layer.shortcut])
            for layer in made
            if isinstance(layer, Residual)
        ]

    post = ["Conv", "BatchNorm", "Activation", "Conv", "BatchNorm"]
    pre = ["BatchNorm", "Activation", "Conv", "BatchNorm", "Activation", "Conv"]
    assert bodies("post") == [(post, []), (post, ["stage2_1.shortcut"])]
    assert bodies("pre") == [(pre, []), (pre, ["stage2_1.shortcut"])]


def test_a_resnet_before_activation_normalises_the_channels_that_come_in() -> None:
    made = expand(recipe(kind="resnet", channels=(4, 6), order="pre"), (8, 8, 3), 2)
    norms = {layer.name: layer.features for layer in walk(made) if isinstance(layer, BatchNorm)}
    assert norms["stage2_1.conv1.norm"] == 4
    assert norms["stage2_1.conv2.norm"] == norms["last.norm"] == 6


# Sequences


def test_an_rnn_over_tokens() -> None:
    rates = {"embedding_dropout": 0.1, "feature_dropout": 0.2, "dropout": 0.3}
    model: dict[str, Any] = {"units": 5, "embedding": 4, "hidden": (3,), "normalization": "layer"}
    assert expand(recipe(rates=rates, kind="rnn", **model), (7,), 2, 11) == (
        Embedding("embedding", 11, 4),
        Dropout("embedding.dropout", 0.1),
        Recurrent("recurrent1", "lstm", 4, 5),
        LayerNorm("recurrent1.norm", 5),
        Dropout("recurrent1.dropout", 0.2),
        LastStep("last"),
        Dense("dense1", 5, 3),
        Activation("dense1.activation", "tanh"),
        Dropout("dense1.dropout", 0.3),
        Dense("output", 3, 2),
    )


def test_an_rnn_reads_images_row_by_row() -> None:
    model: dict[str, Any] = {"cell": "gru", "units": 5, "layers": 2, "readout": "mean"}
    made = expand(recipe(kind="rnn", **model), (7, 6, 2), 2)
    assert made[:2] == (Rows("rows"), Recurrent("recurrent1", "gru", 12, 5))
    assert Recurrent("recurrent2", "gru", 5, 5) in made
    assert made[-2:] == (GlobalAverage("average"), Dense("output", 5, 2))


@pytest.mark.parametrize(("task", "causal"), [("classification", False), ("language_model", True)])
def test_a_transformer_over_tokens(task: str, causal: bool) -> None:
    rates = {"attention_dropout": 0.1, "feature_dropout": 0.2}
    model: dict[str, Any] = {"units": 8, "heads": 2, "layers": 1, "feedforward": 9}
    made = expand(recipe(task, rates, kind="transformer", **model), (7,), 11, 11)
    average: tuple[Layer, ...] = () if causal else (GlobalAverage("average"),)
    attention = (
        LayerNorm("block1.attention.norm", 8),
        Attention("block1.attention", 8, 2, causal, 0.1),
        Dropout("block1.attention.dropout", 0.2),
    )
    dense = (
        LayerNorm("block1.dense.norm", 8),
        Dense("block1.dense1", 8, 9),
        Activation("block1.activation", "gelu"),
        Dense("block1.dense2", 9, 8),
        Dropout("block1.dense2.dropout", 0.2),
    )
    assert made == (
        Embedding("embedding", 11, 8),
        Dropout("embedding.dropout", 0.0),
        Positions("positions", 7, 8, learned=True),
        Residual("block1.attention.residual", attention, (), 0.0),
        Residual("block1.dense.residual", dense, (), 0.0),
        LayerNorm("last.norm", 8),
        *average,
        Dense("output", 8, 11),
    )


def test_a_transformer_projects_vectors_and_can_normalise_after() -> None:
    model: dict[str, Any] = {
        "units": 8,
        "heads": 2,
        "layers": 1,
        "order": "post",
        "positions": "sinusoidal",
    }
    made = expand(recipe(kind="transformer", **model), (7, 3), 2)
    assert made[:2] == (Dense("projection", 3, 8), Positions("positions", 7, 8, learned=False))
    assert [type(layer).__name__ for layer in made[2:6]] == ["Residual", "LayerNorm"] * 2


@pytest.mark.parametrize(
    ("model", "shape", "vocabulary", "message"),
    [
        ({"kind": "cnn"}, (30,), 0, "model.kind cnn needs images"),
        ({"kind": "resnet"}, (30, 4), 0, "model.kind resnet needs images"),
        ({"kind": "rnn"}, (30,), 0, "model.kind rnn needs sequences"),
        ({"kind": "transformer"}, (30,), 0, "model.kind transformer needs sequences"),
        ({"kind": "mlp"}, (30,), 9, "model.kind mlp cannot read tokens"),
        (
            {"kind": "cnn", "channels": (2, 2, 2, 2)},
            (8, 8, 1),
            0,
            "at least 16x16 pixels; the examples have 8x8",
        ),
    ],
)
def test_models_that_do_not_fit_the_data(
    model: dict[str, Any], shape: tuple[int, ...], vocabulary: int, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        expand(recipe(**model), shape, 2, vocabulary)


# Any model


def models() -> st.SearchStrategy[dict[str, Any]]:
    norms = st.sampled_from(["none", "batch", "layer", "group"])
    widths = st.lists(st.integers(1, 6), max_size=2).map(tuple)
    channels = st.lists(st.integers(1, 6), min_size=1, max_size=2).map(tuple)
    mlp = {"residual": st.booleans(), "normalization": norms, "hidden": widths}
    cnn = {
        "channels": channels,
        "convolutions": st.integers(1, 2),
        "kernel_size": st.sampled_from([1, 3, 5]),
        "stride": st.sampled_from([1, 2]),
        "pooling": st.sampled_from(["max", "average", "none"]),
        "head": st.sampled_from(["flatten", "average"]),
        "normalization": norms,
        "hidden": widths,
    }
    resnet = {
        "channels": channels,
        "blocks": st.integers(1, 2),
        "order": st.sampled_from(["pre", "post"]),
        "normalization": norms,
    }
    rnn = {
        "cell": st.sampled_from(["lstm", "gru"]),
        "units": st.integers(1, 4),
        "layers": st.integers(1, 2),
        "readout": st.sampled_from(["last", "mean"]),
        "normalization": st.sampled_from(["none", "layer"]),
        "hidden": widths,
    }
    transformer = {
        "units": st.sampled_from([2, 4]),
        "heads": st.sampled_from([1, 2]),
        "layers": st.integers(1, 2),
        "feedforward": st.integers(1, 5),
        "order": st.sampled_from(["pre", "post"]),
        "positions": st.sampled_from(["learned", "sinusoidal"]),
    }
    kinds: dict[str, dict[str, Any]] = {
        "mlp": mlp,
        "cnn": cnn,
        "resnet": resnet,
        "rnn": rnn,
        "transformer": transformer,
    }
    return st.one_of(
        *(st.fixed_dictionaries({"kind": st.just(kind), **part}) for kind, part in kinds.items())
    )


@given(models(), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_layers_fit_together_and_end_in_raw_outputs(model: dict[str, Any], outputs: int) -> None:
    """The reference runs what the recipe says, with the shapes that the layers state."""
    layers = expand(recipe(**model), (17, 16, 2), outputs)
    made = initial_weights(layers, Initialization(), 0)
    found = reference.forward(layers, made, np.ones((3, 17, 16, 2), np.float32))
    assert set(found) == {layer.name for layer in walk(layers)}
    assert len(found) == len(list(walk(layers)))
    assert found["output"].shape == (3, outputs)
    for layer in walk(layers):
        if isinstance(layer, (BatchNorm, LayerNorm, GroupNorm)):
            assert found[layer.name].shape[-1] == layer.features
        if isinstance(layer, GroupNorm):
            assert layer.features % layer.groups == 0
            assert layer.groups == 1 or layer.features // layer.groups >= 2
    assert all(name in found for name in (name.rpartition(".")[0] for name in made))
    assert forward_flops(layers, (17, 16, 2)) >= 1


@given(models(), st.floats(0, 0.9))
@settings(max_examples=30, deadline=None)
def test_rates_are_of_what_drops(model: dict[str, Any], rate: float) -> None:
    fields = {"dropout": rate} if model["kind"] == "mlp" else {"feature_dropout": rate}
    layers = expand(recipe(rates=fields, **model), (17, 16, 2), 2)
    rates = drop_rates(layers)
    dropping = [one for one in walk(layers) if isinstance(one, (Dropout, Attention, Residual))]
    assert list(rates) == [layer.name for layer in dropping]
    assert set(rates.values()) <= {0.0, rate}
    still = expand(recipe(rates={"dropout": 0.0}, **model), (17, 16, 2), 2)
    assert [layer.name for layer in walk(still)] == [layer.name for layer in walk(layers)]


def test_later_branches_drop_more_often() -> None:
    model: dict[str, Any] = {"kind": "resnet", "channels": (4, 4), "blocks": 2}
    layers = expand(recipe(rates={"stochastic_depth": 0.4}, **model), (8, 8, 1), 2)
    rates = [rate for name, rate in drop_rates(layers).items() if name.endswith("residual")]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4])


def test_a_residual_comes_before_what_is_inside_it() -> None:
    inner = Residual("inner", (Flatten("a"),), (Flatten("b"),), 0.0)
    layers = (Residual("outer", (inner, Flatten("c")), (Flatten("d"),), 0.0), Flatten("e"))
    assert [layer.name for layer in walk(layers)] == ["outer", "inner", "a", "b", "c", "d", "e"]


@given(st.integers(1, 20), st.integers(1, 9))
def test_sinusoids(length: int, units: int) -> None:
    table = sinusoids(length, units)
    half = (units + 1) // 2
    assert table.shape == (length, units)
    for place, column in ((0, 0), (length - 1, 0), (length - 1, units - 1)):
        turn, i = (math.cos, column - half) if column >= half else (math.sin, column)
        assert table[place, column] == pytest.approx(turn(place / 10_000 ** (i / half)))


def test_the_contract_trains_every_layer() -> None:
    """Of a backend, in every form that another program computes."""
    layers = [layer for name in STEPPED for layer in walk(family_job(name).layers)]
    assert {type(layer) for layer in layers} == set(get_args(Layer))
    kinds = {layer.kind for layer in layers if isinstance(layer, Activation)}
    assert kinds == set(ACTIVATIONS)
    forms = {
        "stride": {layer.stride for layer in layers if isinstance(layer, Conv)} == {1, 2},
        "cell": {one.cell for one in layers if isinstance(one, Recurrent)} == {"lstm", "gru"},
        "causal": {one.causal for one in layers if isinstance(one, Attention)} == {False, True},
        "learned": {one.learned for one in layers if isinstance(one, Positions)} == {False, True},
        "shortcut": {bool(one.shortcut) for one in layers if isinstance(one, Residual)}
        == {False, True},
    }
    assert all(forms.values()), forms


def test_work_is_counted() -> None:
    flops = {
        "mlp": forward_flops(expand(recipe(kind="mlp", hidden=(5,)), (3,), 2), (3,)),
        "cnn": forward_flops(
            expand(recipe(kind="cnn", channels=(4,), hidden=()), (8, 8, 2), 3), (8, 8, 2)
        ),
        "rnn": forward_flops(expand(recipe(kind="rnn", units=5), (7, 3), 2), (7, 3)),
    }
    assert flops == {
        "mlp": 3 * 5 + 5 * 2,
        "cnn": 64 * 9 * 2 * 4 + 16 * 4 * 3,
        "rnn": 7 * 4 * 5 * (3 + 5) + 5 * 2,
    }
