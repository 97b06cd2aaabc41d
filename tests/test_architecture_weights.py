"""The weights that a model starts from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.architecture import (
    expand,
    initial_weights,
    is_decayed,
    is_trainable,
    parameter_count,
)
from advisor.recipe import Initialization
from tests.building import recipe, weights

KINDS = [
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
]


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
