"""The layers that a recipe's model becomes, their shapes, and the weights they start from."""

from __future__ import annotations

import math
from typing import Any

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
    TransferError,
    Weights,
    block_of,
    blocks_of,
    check_names,
    drop_rates,
    expand,
    forward_flops,
    initial_weights,
    is_decayed,
    is_trainable,
    parameter_count,
    rate_scales,
    sinusoids,
    thaw_steps,
    transferred,
    walk,
)
from advisor.recipe import Initialization, Recipe, Transfer

KINDS = [
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
]


def recipe(
    task: str = "classification", rates: dict[str, float] | None = None, **model: Any
) -> Recipe:
    source = "text:book.txt" if task == "language_model" else "sklearn:digits"
    rates = {"dropout": 0.25} if rates is None else rates
    return Recipe.model_validate(
        {"task": task, "data": {"source": source}, "model": model, "regularization": rates}
    )


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
        ("group", (GroupNorm("conv1.norm", 6, 6), GroupNorm("conv2.norm", 12, 6))),
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


# Initial weights


def weights(
    how: str,
    gain: float = 1.0,
    seed: int = 0,
    shape: tuple[int, ...] = (16, 16, 3),
    vocabulary: int = 0,
    **model: Any,
) -> Weights:
    layers = expand(recipe(**model), shape, 4, vocabulary)
    chosen = Initialization.model_validate({"kind": how, "gain": gain})
    return initial_weights(layers, chosen, seed)


@pytest.mark.parametrize(
    ("how", "variance"),
    [
        ("kaiming_normal", 2 / 27),
        ("kaiming_uniform", 2 / 27),
        ("xavier_normal", 2 / (27 + 9 * 200)),
        ("xavier_uniform", 2 / (27 + 9 * 200)),
        ("lecun_normal", 1 / 27),
        ("lecun_uniform", 1 / 27),
    ],
)
def test_the_scale_of_initial_weights(how: str, variance: float) -> None:
    made = weights(how, gain=0.5, kind="cnn", channels=(200,), hidden=())
    kernel = made["conv1.kernel"]
    assert kernel.shape == (3, 3, 3, 200)
    # 5,400 draws: the deviation is known to about 1 %, the mean to a hundredth of it
    assert kernel.std() == pytest.approx(0.5 * math.sqrt(variance), rel=0.05)
    assert abs(kernel.mean()) < 0.06 * kernel.std()
    bounded = np.abs(kernel).max() <= 0.5 * math.sqrt(3 * variance)
    assert bounded == how.endswith("uniform")
    assert not made["conv1.bias"].any()


@pytest.mark.parametrize("channels", [5, 27, 40])
def test_orthogonal_kernels(channels: int) -> None:
    made = weights("orthogonal", gain=2.0, kind="cnn", channels=(channels,), hidden=())
    flat = made["conv1.kernel"].reshape(27, channels)
    product = flat.T @ flat if channels <= 27 else flat @ flat.T
    np.testing.assert_allclose(product, 4 * np.eye(min(27, channels)), atol=1e-12)


def test_constant_and_zero_kernels() -> None:
    assert (weights("constant", gain=0.3, kind="mlp")["dense1.kernel"] == 0.3).all()
    assert not weights("zeros", kind="mlp")["dense1.kernel"].any()


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
def test_gates_are_drawn_each_for_its_own_width(cell: str, gates: int) -> None:
    made = weights("orthogonal", shape=(5, 60), kind="rnn", cell=cell, units=60)
    for part in ("kernel", "recurrent_kernel"):
        kernel = made[f"recurrent1.{part}"]
        assert kernel.shape == (60, gates * 60)
        for gate in np.split(kernel, gates, axis=1):
            np.testing.assert_allclose(gate.T @ gate, np.eye(60), atol=1e-12)
    xavier = weights("xavier_normal", shape=(5, 60), kind="rnn", cell=cell, units=60)
    assert xavier["recurrent1.kernel"].std() == pytest.approx(math.sqrt(2 / 120), rel=0.05)
    forget = made["recurrent1.bias"][60:120]
    assert (forget == (1.0 if cell == "lstm" else 0.0)).all()
    assert made["recurrent1.bias"].sum() == forget.sum()
    assert not made["recurrent1.recurrent_bias"].any()


def test_attention_and_vectors() -> None:
    model: dict[str, Any] = {"kind": "transformer", "units": 64, "layers": 1}
    made = weights("xavier_normal", shape=(50,), vocabulary=80, **model)
    kernel = made["block1.attention.kernel"]
    assert kernel.shape == (64, 192)
    for piece in np.split(kernel, 3, axis=1):
        assert piece.std() == pytest.approx(math.sqrt(2 / 128), rel=0.05)
    for name, shape in (("embedding", (80, 64)), ("positions", (50, 64))):
        assert made[f"{name}.kernel"].shape == shape
        assert made[f"{name}.kernel"].std() == pytest.approx(0.02, rel=0.05)
    fixed = weights("zeros", shape=(50,), vocabulary=80, positions="sinusoidal", **model)
    assert "positions.kernel" not in fixed


@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS))
@settings(max_examples=20)
def test_weights_depend_on_seed_and_name_alone(seed: int, how: str) -> None:
    small = weights(how, seed=seed, kind="mlp", hidden=(4,))
    large = weights(how, seed=seed, kind="mlp", hidden=(4, 4), normalization="batch")
    np.testing.assert_array_equal(small["dense1.kernel"], large["dense1.kernel"])
    other = weights(how, seed=(seed + 1) % 2**32, kind="mlp", hidden=(4,))
    assert (small["dense1.kernel"] != other["dense1.kernel"]).any()
    assert large["dense2.kernel"].shape == large["output.kernel"].shape == (4, 4)
    assert (large["dense2.kernel"] != large["output.kernel"]).any()
    assert all(array.dtype == np.float64 for array in large.values())


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_another_layer_leaves_the_others_as_they_were(kind: str) -> None:
    few, more = (
        weights("lecun_normal", shape=(6,), vocabulary=9, kind=kind, layers=layers)
        for layers in (1, 2)
    )
    assert few.keys() < more.keys()
    for name, array in few.items():
        np.testing.assert_array_equal(array, more[name])


def test_the_output_bias_can_be_given() -> None:
    layers = expand(recipe(kind="mlp"), (3,), 2)
    made = initial_weights(layers, Initialization(), 0, np.array([0.5, -0.5], np.float32))
    assert made["output.bias"].tolist() == [0.5, -0.5]
    assert made["output.bias"].dtype == np.float64
    assert not initial_weights(layers, Initialization(), 0)["output.bias"].any()


def test_running_statistics_are_no_parameters() -> None:
    made = weights("zeros", kind="cnn", channels=(4,), hidden=(), normalization="batch")
    assert set(made) == {
        "conv1.kernel",
        "conv1.bias",
        "conv1.norm.scale",
        "conv1.norm.bias",
        "conv1.norm.mean",
        "conv1.norm.var",
        "output.kernel",
        "output.bias",
    }
    assert not is_trainable("conv1.norm.var")
    assert not is_trainable("conv1.norm.mean")
    assert [name for name in made if is_decayed(name)] == ["conv1.kernel", "output.kernel"]
    assert parameter_count(made) == 9 * 3 * 4 + 4 + 4 + 4 + 8 * 8 * 4 * 4 + 4


def test_every_kernel_decays_and_no_bias_does() -> None:
    made = weights("zeros", shape=(5,), vocabulary=9, kind="transformer", layers=1)
    made |= weights("zeros", shape=(5,), vocabulary=9, kind="rnn")
    kernels = {name for name, array in made.items() if array.ndim > 1}
    assert {name for name in made if is_decayed(name)} == kernels


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


# Weights of an earlier training


def _stored(**more: Any) -> Weights:
    return weights("lecun_normal", seed=5, shape=(6,), **{"kind": "mlp", "hidden": (4,), **more})


def test_stored_weights_take_the_place_of_initial_ones() -> None:
    initial, stored = weights("zeros", shape=(6,), kind="mlp", hidden=(4,)), _stored()
    kept = transferred(Transfer(weights="a.safetensors", head="keep"), initial, stored)
    np.testing.assert_equal(kept, stored)
    replaced = transferred(Transfer(weights="a.safetensors"), initial, stored)
    np.testing.assert_array_equal(replaced["dense1.kernel"], stored["dense1.kernel"])
    assert not replaced["output.kernel"].any()
    rounded = {name: array.astype(np.float32) for name, array in stored.items()}
    found = transferred(Transfer(weights="a.safetensors"), initial, rounded)
    assert {array.dtype for array in found.values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (_stored(hidden=(5,)), r"dense1.kernel has shape \(6, 5\); the model needs shape \(6, 4\)"),
        (_stored(hidden=()), r"dense1.kernel is not there.*holds: output.kernel, output.bias"),
    ],
)
def test_stored_weights_that_do_not_fit(stored: Weights, message: str) -> None:
    initial = weights("zeros", shape=(6,), kind="mlp", hidden=(4,))
    with pytest.raises(TransferError, match="transfer.weights: a.safetensors: " + message):
        transferred(Transfer(weights="a.safetensors"), initial, stored)


def _names() -> list[str]:
    model: dict[str, Any] = {
        "kind": "cnn",
        "channels": (2, 2),
        "hidden": (3,),
        "normalization": "batch",
    }
    return list(weights("zeros", **model))


def test_blocks_from_the_input_to_the_output() -> None:
    assert blocks_of(_names()) == ["conv1", "conv2", "dense1", "output"]
    assert block_of("conv1.norm.scale") == "conv1"


@pytest.mark.parametrize("field", ["frozen", "multipliers"])
def test_names_that_no_layer_has(field: str) -> None:
    known, unknown = (
        Transfer.model_validate({field: (name,) if field == "frozen" else {name: 0.5}})
        for name in ("conv2", "conv3")
    )
    check_names(known, _names())
    with pytest.raises(TransferError, match=rf"transfer.{field}: .*'conv3'.*conv1, conv2, dense1"):
        check_names(unknown, _names())


def test_rates_by_depth_and_by_name() -> None:
    names = _names()
    assert rate_scales(Transfer(), names, 0.0) is None
    transfer = Transfer(layer_decay=0.5, multipliers={"conv": 2.0, "conv1.norm": 3.0})
    scales = rate_scales(transfer, names, 0.0)
    assert scales is not None
    assert scales.keys() == {name for name in names if is_trainable(name)}
    assert scales["output.kernel"] == 1.0
    assert scales["dense1.bias"] == 0.5
    assert scales["conv2.kernel"] == 2 * 0.25
    assert scales["conv1.kernel"] == 2 * 0.125
    assert scales["conv1.norm.scale"] == 3 * 2 * 0.125


def test_frozen_layers_do_not_move() -> None:
    scales = rate_scales(Transfer(frozen=("conv",)), _names(), 0.0)
    assert scales is not None
    assert {name for name, scale in scales.items() if scale == 0} == {
        name for name in scales if name.startswith("conv")
    }
    assert set(scales.values()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("progress", "training"),
    [(0.0, 1), (0.19, 1), (0.2, 2), (0.4, 3), (0.59, 3), (0.6, 4), (1.0, 4)],
)
def test_layers_thaw_from_the_output_backwards(progress: float, training: int) -> None:
    names = _names()
    scales = rate_scales(Transfer(thaw=0.6), names, progress)
    moving = blocks_of(names)[-training:]
    assert (scales is None) == (training == 4)
    for name, scale in (scales or {}).items():
        assert scale == (1.0 if block_of(name) in moving else 0.0)


@given(st.floats(0.01, 1.0), st.integers(1, 500))
def test_scales_change_at_the_steps_of_thawing_alone(thaw: float, total: int) -> None:
    transfer, names = Transfer(thaw=thaw), _names()
    steps = thaw_steps(transfer, names, total)
    seen = [rate_scales(transfer, names, step / total) for step in range(total)]
    changes = [step for step in range(1, total) if seen[step] != seen[step - 1]]
    assert changes == [step for step in steps if step < total]
    assert thaw_steps(Transfer(), names, total) == []


def test_thawing_is_at_the_same_step_however_shares_are_rounded() -> None:
    names = [*(f"dense{number}.kernel" for number in range(1, 6)), "output.kernel"]
    assert thaw_steps(Transfer(thaw=0.55), names, 100) == [11, 22, 33, 44, 55]
