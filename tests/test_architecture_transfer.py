"""Weights of an earlier training, and how fast each layer then moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from advisor.architecture import (
    TransferError,
    Weights,
    block_of,
    blocks_of,
    check_names,
    is_trainable,
    rate_scales,
    transferred,
)
from advisor.recipe import Transfer
from tests.building import weights


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


def test_thawing_is_at_the_same_step_however_shares_are_rounded() -> None:
    names = [*(f"dense{number}.kernel" for number in range(1, 6)), "output.kernel"]
    scales = [rate_scales(Transfer(thaw=0.55), names, step / 100) for step in range(100)]
    changes = [step for step in range(1, 100) if scales[step] != scales[step - 1]]
    assert changes == [11, 22, 33, 44, 55]
