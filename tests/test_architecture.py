from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.architecture import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    MaxPool,
    ShapeError,
    expand,
    initial_weights,
    is_decayed,
    is_trainable,
    parameter_count,
)
from advisor.recipe import Initialization, Recipe

KINDS = [
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "lecun_normal",
    "orthogonal",
]


def recipe(**model: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": model,
            "regularization": {"dropout": 0.25},
        }
    )


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


@pytest.mark.parametrize(("norm", "layer"), [("batch", BatchNorm), ("layer", LayerNorm)])
def test_a_cnn_halves_the_image_in_each_block(norm: str, layer: Any) -> None:
    made = expand(
        recipe(kind="cnn", channels=(6, 7), hidden=(9,), kernel_size=5, normalization=norm),
        (11, 8, 3),
        4,
    )
    assert made == (
        Conv("conv1", 3, 6, 5),
        layer("conv1.norm", 6),
        Activation("conv1.activation", "relu"),
        MaxPool("conv1.pool"),
        Conv("conv2", 6, 7, 5),
        layer("conv2.norm", 7),
        Activation("conv2.activation", "relu"),
        MaxPool("conv2.pool"),
        Flatten("flatten"),
        Dense("dense1", 2 * 2 * 7, 9),
        layer("dense1.norm", 9),
        Activation("dense1.activation", "relu"),
        Dropout("dense1.dropout", 0.25),
        Dense("output", 9, 4),
    )


def test_a_cnn_needs_images_that_are_large_enough() -> None:
    with pytest.raises(ShapeError, match="needs images"):
        expand(recipe(kind="cnn"), (30,), 2)
    with pytest.raises(ShapeError, match="at least 16x16 pixels; the examples have 8x8"):
        expand(recipe(kind="cnn", channels=(2, 2, 2, 2)), (8, 8, 1), 2)


def weights(how: str, gain: float = 1.0, seed: int = 0, **model: Any) -> dict[str, Any]:
    layers = expand(recipe(**model), (16, 16, 3), 4)
    chosen = Initialization.model_validate({"kind": how, "gain": gain})
    return dict(initial_weights(layers, chosen, seed))


@pytest.mark.parametrize(
    ("how", "variance"),
    [
        ("kaiming_normal", 2 / 27),
        ("kaiming_uniform", 2 / 27),
        ("xavier_normal", 2 / (27 + 9 * 200)),
        ("xavier_uniform", 2 / (27 + 9 * 200)),
        ("lecun_normal", 1 / 27),
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
