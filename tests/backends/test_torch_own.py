"""A model of the user's own in PyTorch: what it is given, keeps and gets wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from advisor_torch import TorchBackend
from advisor_torch.training import TorchTraining
from numpy.testing import assert_allclose, assert_array_equal

from advisor.backend import Batches, Job, OwnCodeError
from advisor.code import load_object
from advisor.testing import small_batches, small_job


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


NETS = """
import torch
from torch import nn

class Convolutional(nn.Module):
    def __init__(self, input_shape, outputs, width=4):
        super().__init__()
        self.conv = nn.Conv2d(input_shape[0], width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.drop = nn.Dropout(0.5)
        self.dense = nn.Linear(width * input_shape[1] * input_shape[2], outputs)

    def forward(self, x):
        x = self.norm(self.conv(x)).relu()
        return self.dense(self.drop(x.view(len(x), -1)))

class Recurrent(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.lstm = nn.LSTM(4, 5, batch_first=True)
        self.dense = nn.Linear(5, outputs)
        self.unused = nn.Linear(2, 2)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.seen = self.seen + len(x)
        return self.dense(self.lstm(self.embedding(x))[0][:, -1])

class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(6, 3)

    def forward(self, x):
        return self.dense(x)

class Wide(Plain):
    def forward(self, x):
        return super().forward(x).repeat(1, 2)

class Failing(Plain):
    def forward(self, x):
        raise KeyError("some part")

class Pair(Plain):
    def forward(self, x):
        return x, x

class Detached(Plain):
    def forward(self, x):
        return super().forward(x).detach()

class Empty(nn.Module):
    def forward(self, x):
        return x

class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.LazyLinear(3)

def number():
    return 3

value = 3
"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("own") / "nets.py"
    file.write_text(NETS)
    return str(file)


def own_job(nets: str, name: str, kind: str = "mlp", **changes: Any) -> Job:
    """The small job of this kind, with a class of NETS in the place of its model."""
    precision = changes.pop("precision", "float32")
    job = small_job({"model.kind": kind, "optimizer.kind": "adamw"}, precision=precision)
    values = {"model.kind": "own", "model.torch": f"{nets}:{name}", "optimizer.lr": 0.01}
    arguments = changes.pop("arguments", {})
    raw = job.recipe.changed({**values, **{k.replace("__", "."): v for k, v in changes.items()}})
    own = raw.model.model_copy(update={"arguments": arguments})
    recipe = raw.model_copy(update={"model": own})
    return dataclasses.replace(job, recipe=recipe, layers=(), weights={})


def own_started(job: Job) -> TorchTraining:
    return TorchBackend(keep_memory=False).start(job)


def test_an_own_model_is_what_the_framework_makes_of_it(nets: str) -> None:
    """The same start, gradients, statistics and step as plain PyTorch code."""
    job = own_job(nets, "Convolutional", "cnn", arguments={"width": 3}, precision="float64")
    started = own_started(job)
    before = torch.get_rng_state()
    with torch.random.fork_rng():
        torch.manual_seed(job.recipe.train.seed)
        net = load_object(f"{nets}:Convolutional")((2, 7, 6), 3, width=3)
    weights, net = started.weights(), net.double()
    assert weights.keys() == dict(net.state_dict()).keys()
    for name, tensor in net.state_dict().items():
        assert_array_equal(weights[name], tensor.numpy())
    rows = np.arange(16)
    inputs = torch.from_numpy(job.inputs[rows]).double().permute(0, 3, 1, 2).contiguous()
    net.drop.eval()
    loss = torch.nn.functional.cross_entropy(net(inputs), torch.from_numpy(job.targets[rows]))
    torch.autograd.backward(loss)
    found, gradients = started.gradients(job.inputs[rows], job.targets[rows])
    assert found == pytest.approx(loss.item(), rel=1e-12)
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None
        assert_allclose(gradients[name], parameter.grad.numpy(), rtol=1e-9, atol=1e-12)
    assert_array_equal(started.weights()["norm.running_mean"], weights["norm.running_mean"])
    report = started.run(Batches(rows[None], np.full(1, 0.01)))
    assert set(report.layers) == {"conv.weight", "dense.weight"}
    after = started.weights()
    running = net.norm.running_mean
    assert running is not None
    assert_allclose(after["norm.running_mean"], running.numpy(), rtol=1e-9)
    assert after["norm.num_batches_tracked"] == 1
    net.eval()
    net.load_state_dict({name: torch.from_numpy(array) for name, array in after.items()})
    with torch.no_grad():
        assert_allclose(started.predict(job.inputs[rows]), net(inputs).numpy(), rtol=1e-9)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("name", "kind", "precision"),
    [
        ("Convolutional", "cnn", "float32"),
        ("Convolutional", "cnn", "bfloat16"),
        ("Recurrent", "rnn", "float32"),
    ],
)
def test_an_own_model_trains_and_resumes(nets: str, name: str, kind: str, precision: str) -> None:
    changes = {"train__accumulation": 2, "optimizer__lr": 0.02}
    job = own_job(nets, name, kind, precision=precision, **changes)
    started = own_started(job)
    averaged = dataclasses.replace(small_batches(job, 30), average=np.full(30, 0.5))
    first = started.run(averaged).loss
    state, later = started.state(), small_batches(job, 30, start=30)
    last = started.run(later).loss
    assert last[-6:].mean() < 0.9 * first[:6].mean()
    fresh = own_started(job)
    fresh.restore(state)
    assert_array_equal(fresh.run(later).loss, last)
    for key, array in started.weights().items():
        assert_array_equal(fresh.weights()[key], array)
    changed = started.weights()
    fresh.load({key: array + 1 for key, array in changed.items()})
    assert_array_equal(fresh.weights()[next(iter(changed))], changed[next(iter(changed))] + 1)
    assert fresh.predict(job.inputs[:0]).shape == (0, 3)


def test_buffers_that_own_code_replaces_are_kept(nets: str) -> None:
    job = own_job(nets, "Recurrent", "rnn")
    started = own_started(job)
    started.run(small_batches(job, 3))
    started.predict(job.inputs)
    started.gradients(job.inputs[:4], job.targets[:4])
    assert started.weights()["seen"] == 3 * 16


def test_dropout_in_own_code_follows_seed_and_step(nets: str) -> None:
    def losses(seed: int, start: int) -> Any:
        job = own_job(nets, "Convolutional", "cnn")
        initial = own_started(job).weights()
        other = job.recipe.model_copy(
            update={"train": job.recipe.train.model_copy(update={"seed": seed})}
        )
        started = own_started(dataclasses.replace(job, recipe=other))
        started.load(initial)
        rows = np.tile(np.arange(16), (3, 1))
        return started.run(Batches(rows, np.zeros(3), None, start)).loss

    assert len(np.unique(np.concatenate([losses(0, 0), losses(1, 0)]))) == 6
    assert_array_equal(losses(0, 0), losses(0, 0))
    assert_allclose(losses(0, 1)[:2], losses(0, 0)[1:], rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Wide", r"shape \(2, 6\) of inputs of shape \(2, 6\); expected.* \(2, 3\)"),
        ("Failing", r"forward, line \d+ raised KeyError: 'some part'"),
        ("Pair", "made a tuple"),
        ("Empty", "has no parameters to train"),
        ("Lazy", "lazy layers"),
        ("Missing", "Missing"),
        ("number", "makes a int; expected is a torch.nn.Module class"),
        ("value", "is a int; expected is a torch.nn.Module class"),
        ("Recurrent", "forward, line"),
    ],
)
def test_what_own_code_gets_wrong(nets: str, name: str, message: str) -> None:
    with pytest.raises(OwnCodeError, match=message) as raised:
        own_started(own_job(nets, name))
    assert "nets.py" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_own_code_refuses_arguments(nets: str) -> None:
    with pytest.raises(OwnCodeError, match=r"cannot be built.*TypeError.*height"):
        own_started(own_job(nets, "Plain", arguments={"height": 3}))


def test_own_outputs_without_a_gradient(nets: str) -> None:
    job = own_job(nets, "Detached")
    started = own_started(job)
    with pytest.raises(OwnCodeError, match="do not depend on its parameters"):
        started.run(small_batches(job, 1))


def test_an_own_model_for_the_other_backend(nets: str) -> None:
    job = own_job(nets, "Plain")
    model = job.recipe.model.model_copy(update={"torch": None, "jax": f"{nets}:Plain"})
    recipe = job.recipe.model_copy(update={"model": model})
    with pytest.raises(OwnCodeError, match=r"model\.torch is not given"):
        own_started(dataclasses.replace(job, recipe=recipe))
