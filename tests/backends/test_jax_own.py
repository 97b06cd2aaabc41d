"""A model of the user's own in the JAX backend."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("optax")
pytest.importorskip("jax")

from advisor_jax import JaxBackend
from advisor_jax.compiled import ORDINARY

from advisor.backend import Job, OwnCodeError, Precision
from advisor.recipe import Own
from advisor.testing import small_batches, small_job

OWN = """
import jax.numpy as jnp
from flax import nnx

class Net(nnx.Module):
    def __init__(self, input_shape, outputs, rngs, width=8):
        self.stem = nnx.Conv(input_shape[-1], width, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(width, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.head = nnx.Linear(width, outputs, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.norm(self.stem(x)))
        return self.head(self.drop(x.mean(axis=(1, 2))))

class Narrow(Net):
    def __call__(self, x):
        return super().__call__(x)[:, :1]

class Fails(Net):
    def __call__(self, x):
        return x + jnp.ones((1, 77))

class NoModule:
    pass
"""


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    path = tmp_path / "nets.py"
    path.write_text(OWN)
    return path


def _own_job(
    nets: Path,
    changes: dict[str, Any] | None = None,
    name: str = "Net",
    arguments: dict[str, Any] | None = None,
) -> Job:
    like = small_job({"model.kind": "cnn"}, precision="float32")
    model = Own(jax=f"{nets}:{name}", arguments=arguments or {})
    recipe = like.recipe.model_copy(update={"model": model}).changed(changes or {})
    return dataclasses.replace(like, recipe=recipe, layers=(), weights={}, outputs=3)


def test_an_own_model_trains(nets: Path) -> None:
    job = _own_job(nets, arguments={"width": 5})
    training = JaxBackend().start(job)
    before = training.weights()
    assert before["stem.kernel"].shape == (3, 3, 2, 5)
    assert list(before)[-1].startswith("head.")
    report = training.run(small_batches(job, 60, lr=0.02))
    assert report.loss[-6:].mean() < 0.95 * report.loss[:6].mean()
    assert set(report.layers) == {"stem.kernel", "head.kernel"}
    assert np.all(training.weights()["norm.mean"] != before["norm.mean"])
    assert training.activations(job.inputs) == {}
    few_alone = training.predict(job.inputs[:5])
    assert_allclose(few_alone, training.predict(job.inputs)[:5], rtol=1e-5, atol=1e-5)


def test_an_own_models_numbers_are_not_compiled_in(nets: Path) -> None:
    counts = []
    for changes in ({}, {"optimizer.lr": 0.1, "train.seed": 3}):
        job = _own_job(nets, changes)
        training = JaxBackend().start(job)
        training.run(small_batches(job, 3))
        training.predict(job.inputs)
        counts.append((ORDINARY.run_steps._cache_size(), ORDINARY.predict._cache_size()))
    assert counts[0] == counts[1]


def test_an_own_model_follows_seed_and_step(nets: Path) -> None:
    one, same, other = (
        JaxBackend().start(_own_job(nets, {"train.seed": seed})) for seed in (1, 1, 2)
    )
    assert_array_equal(one.weights()["stem.kernel"], same.weights()["stem.kernel"])
    assert np.any(one.weights()["stem.kernel"] != other.weights()["stem.kernel"])
    job = _own_job(nets, {"train.seed": 1})
    still = dataclasses.replace(small_batches(job, 4, lr=0.0), rows=np.tile(np.arange(16), (4, 1)))
    losses = one.run(still).loss
    assert len(np.unique(losses)) == 4
    assert_array_equal(same.run(still).loss, losses)
    loss, _ = one.gradients(job.inputs[:16], job.targets[:16])
    assert loss == same.gradients(job.inputs[:16], job.targets[:16])[0]


def test_an_own_model_goes_on_from_its_state(nets: Path) -> None:
    job = _own_job(nets)
    whole, resumed = JaxBackend().start(job), JaxBackend().start(job)
    whole.run(small_batches(job, 4))
    resumed.restore(whole.state())
    batches = small_batches(job, 4, start=4)
    assert_array_equal(whole.run(batches).loss, resumed.run(batches).loss)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_an_own_models_products_are_in_the_precision_asked_for(
    nets: Path, precision: Precision
) -> None:
    job = _own_job(nets)
    low = JaxBackend().start(dataclasses.replace(job, precision=precision))
    exact = JaxBackend().start(job).predict(job.inputs)
    assert np.any(low.predict(job.inputs) != exact)
    assert_allclose(low.predict(job.inputs), exact, atol=0.05)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("Narrow", {}, r"Narrow gives an array of shape \(16, 1\).*\(16, 3\)"),
        ("Fails", {}, r"line 22: Fails fails on inputs of shape \(16, 7, 6, 2\): ValueError"),
        ("NoModule", {}, "must be a class that inherits flax.nnx.Module"),
        ("Missing", {}, "has no 'Missing'; it defines: Net"),
        ("Net", {"colour": 1}, "Net cannot be made with .*colour.*TypeError"),
    ],
)
def test_own_code_that_does_not_fit(
    nets: Path, name: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(OwnCodeError, match=message):
        JaxBackend().start(_own_job(nets, None, name, arguments))


def test_an_own_model_for_torch_only(nets: Path) -> None:
    job = _own_job(nets)
    recipe = job.recipe.model_copy(update={"model": Own(torch=f"{nets}:Net")})
    with pytest.raises(OwnCodeError, match=r"model\.jax is not given"):
        JaxBackend().start(dataclasses.replace(job, recipe=recipe))
