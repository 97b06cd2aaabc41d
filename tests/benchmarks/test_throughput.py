"""The rivals of `benchmarks/throughput.py` train the models that the project trains."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor.architecture import expand, initial_weights, parameter_count
from advisor.recipe import Recipe

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = ("digits-mlp-32", "cnn-28x28x1-64", "cnn-32x32x3-128", "transformer-64")


@pytest.fixture(autouse=True)
def benchmarks_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str) -> Any:
    return importlib.import_module(name)


def parameters(name: str, tmp_path: Path) -> int:
    """Of the project's own model."""
    cases = module("peers.cases")
    case = cases.CASES[name]
    recipe: Recipe = case.recipe(tmp_path)
    shape = case.shape if case.tokens else (*case.shape, 1)[:3]
    layers = expand(recipe, shape, 10, cases.VOCABULARY if case.tokens else 0)
    return parameter_count(initial_weights(layers, recipe.initialization, 0))


@pytest.mark.parametrize("name", NAMES)
def test_the_model_by_hand_in_torch_is_as_large_as_ours(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    network = module("peers.torch_models").network(module("peers.cases").CASES[name])
    assert sum(each.numel() for each in network.parameters()) == parameters(name, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_model_by_hand_in_jax_is_as_large_as_ours(name: str, tmp_path: Path) -> None:
    pytest.importorskip("jax")
    network = module("peers.jax_models").network(module("peers.cases").CASES[name], 10)
    initial = network.initial(np.random.default_rng(0))
    assert sum(each.size for each in initial.values()) == parameters(name, tmp_path)


def test_token_sequences_end_in_padding(tmp_path: Path) -> None:
    cases = module("peers.cases")
    cases.write_data(tmp_path)
    case = cases.CASES["transformer-64"]
    inputs = case.dataset(tmp_path).train.inputs
    assert inputs.dtype == np.int32
    assert inputs.shape == (case.train, 32)
    assert inputs.max() == cases.VOCABULARY - 1
    filled = inputs != 0
    assert (np.diff(filled.astype(int), axis=1) <= 0).all()
    assert not filled.all()


def test_what_falls_short_is_named() -> None:
    throughput = module("throughput")
    row = {"case": "a", "backend": "jax", "variant": "hand", "ours_over_this": 0.5, "target": 0.95}
    found = {"training": [row | {"meets": False}, row | {"meets": True, "case": "b"}]}
    assert throughput.failures(found) == ["a on jax: 0.50 x hand (target 0.95)"]


def test_a_process_that_dies_says_why() -> None:
    process = module("peers.process")
    with (
        process.Peer("no_such_peer") as peer,
        pytest.raises(process.PeerError, match="no_such_peer"),
    ):
        peer.ask({})
