"""Weights go from one backend to the other, and from one recipe to the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import save_file

from advisor import data
from advisor.architecture import TransferError, Weights
from advisor.backend import load_backend
from advisor.recipe import Recipe
from advisor.training import Outcome, prepare, train

MODELS: Mapping[str, Mapping[str, Any]] = {
    "cnn": {"kind": "cnn", "channels": (4, 8), "hidden": (8,), "normalization": "batch"},
    "resnet": {"kind": "resnet", "channels": (4, 8)},
    "lstm": {"kind": "rnn", "units": 8},
    "transformer": {"kind": "transformer", "units": 8, "heads": 2, "feedforward": 16},
}


def recipe(model: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": dict(model),
            "train": {"batch_size": 64, "epochs": 1},
        }
    )
    return made.changed(changes or {})


def trained(made: Recipe, backend: str) -> Outcome:
    dataset = data.load(made.data, made.task)
    return train(made, dataset, load_backend(backend), lambda event: None)


def weights_of(outcome: Outcome) -> Weights:
    assert outcome.weights is not None
    return outcome.weights


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_weights_of_one_backend_open_in_the_other(model: Mapping[str, Any]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    made = recipe(model)
    dataset = data.load(made.data, made.task)
    outcome = trained(made, "torch")
    for name in ("torch", "jax"):
        opened = load_backend(name).start(prepare(made, dataset))
        opened.load(weights_of(outcome))
        found = opened.predict(dataset.validation.inputs)
        assert_allclose(found, outcome.outputs, rtol=1e-4, atol=1e-4)


def test_a_training_starts_from_an_earlier_one(backend_name: str, tmp_path: Path) -> None:
    first = weights_of(trained(recipe(MODELS["cnn"]), backend_name))
    save_file(first, tmp_path / "best.safetensors")
    changes = {
        "transfer.weights": str(tmp_path / "best.safetensors"),
        "transfer.frozen": ["conv"],
        "train.seed": 7,
    }
    made = recipe(MODELS["cnn"], changes)
    start = prepare(made, data.load(made.data, made.task)).weights
    assert_allclose(start["dense1.kernel"], first["dense1.kernel"], rtol=1e-6)
    assert not np.allclose(start["output.kernel"], first["output.kernel"])
    found = weights_of(trained(made, backend_name))
    for name in ("conv1.kernel", "conv1.bias", "conv2.norm.scale"):
        assert_array_equal(found[name], first[name])
    assert not np.array_equal(found["dense1.kernel"], first["dense1.kernel"])


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    save_file({"conv1.kernel": np.zeros((3, 3, 1, 5))}, tmp_path / "odd.safetensors")
    (tmp_path / "no.safetensors").write_text("no weights")
    for name, message in (
        ("odd", r"conv1\.kernel has shape \(3, 3, 1, 5\)"),
        ("no", "not a safetensors file"),
        ("missing", "cannot read"),
    ):
        made = recipe(MODELS["cnn"], {"transfer.weights": str(tmp_path / f"{name}.safetensors")})
        with pytest.raises(TransferError, match=message):
            prepare(made, data.load(made.data, made.task))


OWN_NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, input_shape, outputs):
        super().__init__()
        self.flat, self.head = torch.nn.Flatten(), torch.nn.Linear(64, outputs)

    def forward(self, x):
        return self.head(self.flat(x))
"""


def test_a_layer_that_is_not_there_is_refused(backend_name: str) -> None:
    made = recipe(MODELS["cnn"], {"transfer.frozen": ["konv"]})
    with pytest.raises(TransferError, match=r"transfer\.frozen.*konv.*conv1, conv2, dense1"):
        trained(made, backend_name)


def test_an_own_models_layer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "net.py").write_text(OWN_NET)
    model = {"kind": "own", "torch": f"{tmp_path}/net.py:Net"}
    with pytest.raises(TransferError, match=r"transfer\.multipliers.*body.*head"):
        trained(recipe(model, {"transfer.multipliers": {"body": 0.1}}), "torch")
