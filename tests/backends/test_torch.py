"""The PyTorch backend keeps the contract, and its own promises."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from advisor_torch import TorchBackend, devices, examples, sequences, training
from advisor_torch.memory import tune_allocator
from advisor_torch.mode import Mode
from advisor_torch.parameters import Parameters
from advisor_torch.scaling import DOUBLED_AFTER, LossScale
from advisor_torch.tensors import slices
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from advisor import reference
from advisor.architecture import Attention, Weights, is_decayed, walk
from advisor.backend import Backend, Batches, Job, OwnCodeError, Precision
from advisor.code import load_object
from advisor.testing import (
    NORMALIZATIONS,
    BackendContract,
    family_job,
    small_batches,
    small_data,
    small_job,
)

sizes = st.integers(1, 4)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """These models are too small to share among threads, least of all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class TestTorch(BackendContract):
    @pytest.fixture
    def backend(self) -> Backend:
        return TorchBackend(keep_memory=False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestTorchOnCuda(TestTorch):
    device = "cuda:0"


def test_global_random_state_is_neither_used_nor_moved() -> None:
    job = small_job({"regularization.dropout": 0.5})
    losses = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        losses.append(TorchBackend(keep_memory=False).start(job).run(small_batches(job, 3)).loss)
        assert torch.equal(torch.get_rng_state(), before)
    assert_array_equal(losses[0], losses[1])


def test_process_wide_settings_stay() -> None:
    def settings() -> tuple[object, ...]:
        threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
        return threads, dtype, torch.backends.cudnn.allow_tf32, torch.is_grad_enabled()

    before, job = settings(), small_job()
    started = TorchBackend(keep_memory=False).start(job)
    started.run(small_batches(job, 2))
    started.predict(job.inputs)
    assert settings() == before


def test_the_compiler_is_not_imported() -> None:
    """It takes as long as PyTorch itself."""
    script = (
        "import sys; from advisor.testing import *; from advisor_torch import TorchBackend\n"
        "for kind in ('sgd', 'rmsprop', 'adam', 'adamw'):\n"
        "    job = small_job({'optimizer.kind': kind})\n"
        "    TorchBackend().start(job).run(small_batches(job, 2))\n"
        "print('torch._dynamo' in sys.modules, 'jax' in sys.modules)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert made.stdout.split() == ["False", "False"]


def test_gathering_in_portions_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = small_job({"model.kind": "cnn"})
    batches = small_batches(job, 7)
    given_inputs = Batches(batches.rows, batches.lr, job.inputs[batches.rows])
    whole = TorchBackend(keep_memory=False).start(job).run(batches).loss
    two_batches = 2 * batches.rows.shape[1] * job.inputs[0].size * 8
    monkeypatch.setattr(examples, "GATHERED_AT_ONCE", two_batches)
    for portioned in (batches, given_inputs):
        assert_array_equal(TorchBackend().start(job).run(portioned).loss, whole)


def test_nothing_predicted_for_nothing() -> None:
    started = TorchBackend(keep_memory=False).start(small_job())
    assert started.predict(np.zeros((0, 6), np.float32)).shape == (0, 3)


def test_rows_beyond_the_data_are_refused() -> None:
    job = small_job()
    rows = np.full((1, 16), len(job.targets))
    with pytest.raises(IndexError):
        TorchBackend(keep_memory=False).start(job).run(Batches(rows, np.ones(1)))


def test_devices_best_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.available() == ("cuda:0", "cuda:1", "mps", "cpu")
    assert devices.choose("auto") == devices.choose("cuda") == torch.device("cuda:0")
    assert devices.choose("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ValueError, match="float64"):
        devices.choose("mps", "float64")
    with pytest.raises(ValueError, match="cuda:0, cuda:1, mps, cpu"):
        devices.choose("cuda:2")


def test_without_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices.choose("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match=r"cuda.*has: auto, cpu"):
        devices.choose("cuda")


def test_the_allocator_is_tuned_where_there_is_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.libc_ver", lambda: ("", ""))
    assert tune_allocator.__wrapped__() is False


@given(length=st.integers(0, 50), size=st.integers(1, 20))
def test_slices_cover_everything_once(length: int, size: int) -> None:
    found = [list(range(length))[part] for part in slices(length, size)]
    assert found
    assert all(len(part) <= size for part in found)
    assert [i for part in found for i in part] == list(range(length))


@given(dense=st.tuples(sizes, sizes), conv=st.tuples(sizes, sizes, sizes, sizes))
def test_layout_there_and_back(dense: tuple[int, ...], conv: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    shapes = {"a.bias": dense[1:], "a.kernel": dense, "b.kernel": conv, "b.mean": conv[3:]}
    weights: Weights = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    parameters = Parameters(weights, torch.device("cpu"), torch.float64)
    found = parameters.outside()
    assert list(found) == list(weights)
    for name, array in weights.items():
        assert_array_equal(found[name], array)
    kernels = {name: array for name, array in weights.items() if is_decayed(name)}
    norms = parameters.kernel_norms(parameters.vector).tolist()
    expected = {name: np.linalg.norm(array) for name, array in kernels.items()}
    assert dict(zip(parameters.kernel_names, norms, strict=True)) == pytest.approx(expected)
    assert len(parameters.kernels) == sum(array.size for array in kernels.values())


def test_images_are_not_copied_on_the_way_in() -> None:
    inputs, _ = small_data("classification", (7, 6, 2))
    tensor = torch.from_numpy(inputs)
    seen = tensor.permute(0, 3, 1, 2)
    assert seen.is_contiguous(memory_format=torch.channels_last)
    assert seen.data_ptr() == tensor.data_ptr()
    kernel = Parameters(
        {"conv1.kernel": np.ones((3, 3, 2, 4))}, torch.device("cpu"), torch.float32
    ).tensors["conv1.kernel"]
    assert kernel.shape == (4, 2, 3, 3)
    assert kernel.is_contiguous(memory_format=torch.channels_last)


# A model of the user's own

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


def own_started(job: Job) -> training.TorchTraining:
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
    inputs = torch.from_numpy(job.inputs[rows]).double().permute(0, 3, 1, 2)
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


# Several as one


def members(changes: dict[str, Any], precision: Precision = "float64") -> list[Job]:
    """Jobs of one program that differ in every number that may differ."""
    task = changes.pop("task", "classification")
    jobs = []
    for number in range(3):
        rates = {"optimizer.lr": 0.01 * (number + 1), "regularization.l2": 0.01 * number}
        if task == "classification":
            rates["regularization.label_smoothing"] = 0.1 * number
        rates["optimizer.eps"] = 1e-3  # biases before a BatchNorm have no gradient but rounding
        rates |= {"regularization.dropout": 0.2 * number, "train.seed": number}
        if changes.get("model.residual"):
            rates["regularization.stochastic_depth"] = 0.3 * number
        jobs.append(small_job({**rates, **changes}, task, precision=precision))
    return jobs


def together_and_alone(jobs: list[Job], batches: list[Batches]) -> None:
    """Both ways agree, in what they report and in what they then know."""
    backend = TorchBackend(keep_memory=False)
    both, alone = backend.together(jobs), [backend.start(job) for job in jobs]
    assert both is not None
    for _ in range(2):
        reports = [one.run(own) for one, own in zip(alone, batches, strict=True)]
        for found, right in zip(both.run(batches), reports, strict=True):
            assert_allclose(found.loss, right.loss, rtol=1e-9)
            assert_allclose(found.grad_norm, right.grad_norm, rtol=1e-9)
            for name, layer in right.layers.items():
                assert found.layers[name].update_ratio == pytest.approx(layer.update_ratio)
    for member, one, job in zip(both.members, alone, jobs, strict=True):
        for name, array in one.weights().items():
            assert_allclose(member.weights()[name], array, rtol=1e-9, atol=1e-11, err_msg=name)
        assert_allclose(member.predict(job.inputs), one.predict(job.inputs), rtol=1e-7)
        assert_allclose(member.state()["parameters"], one.state()["parameters"], rtol=1e-7)


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_together_every_part(normalization: str, task: str) -> None:
    changes = {"model.normalization": normalization, "model.hidden": (6, 6, 6), "task": task}
    jobs = members({**changes, "model.residual": True, "optimizer.clip_norm": 0.5})
    batches = [small_batches(job, 4, start=3 * number) for number, job in enumerate(jobs)]
    batches[1] = dataclasses.replace(batches[1], average=np.full(4, 0.5))
    batches[2] = dataclasses.replace(batches[2], scales={"dense1.kernel": 0.0, "dense2.bias": 0.5})
    together_and_alone(jobs, batches)


def test_together_with_weighted_classes() -> None:
    jobs = [dataclasses.replace(job, target_weights=np.array([1, 2, 0.5])) for job in members({})]
    together_and_alone(jobs, [small_batches(job, 4) for job in jobs])


def test_together_one_by_one_where_batches_differ() -> None:
    jobs = members({})
    batches = [small_batches(job, 4) for job in jobs]
    batches[0] = Batches(batches[0].rows[:, :8], batches[0].lr)
    together_and_alone(jobs, batches)
    rows = batches[1].rows
    mixed = dataclasses.replace(batches[1], partners=rows[::-1], shares=np.full(rows.shape, 0.3))
    together_and_alone(jobs, [mixed] * 3)


def test_what_is_not_trained_together(nets: str) -> None:
    backend, jobs = TorchBackend(keep_memory=False), members({})
    different = [
        jobs[:1],
        members({"model.kind": "cnn"}),
        members({"train.accumulation": 2}),
        members({}, "bfloat16"),
        [own_job(nets, "Plain")] * 3,
        [*jobs[:2], *members({"model.hidden": (9,)})[2:]],
        [*jobs[:2], *members({"loss.kind": "focal", "regularization.label_smoothing": 0.0})[2:]],
        [*jobs[:2], dataclasses.replace(jobs[2], target_weights=np.ones(3))],
        members({"model.hidden": (400, 400)}),
    ]
    assert [backend.together(each) for each in different] == [None] * len(different)


# Determinism, precision, states


def test_deterministic_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within `exact` only, and only where it is asked for."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    cuda, cpu = torch.device("cuda:0"), torch.device("cpu")
    devices.prepare(cpu, deterministic=True)
    devices.prepare(cuda, deterministic=False)
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    devices.prepare(cuda, deterministic=True)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    for device, asked in ((cuda, True), (cuda, False), (cpu, True)):
        with devices.exact(device, asked):
            inside = torch.are_deterministic_algorithms_enabled()
        assert inside == (asked and device is cuda)
        assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("kind", ["cnn", "resnet", "rnn", "transformer"])
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_every_model_trains_in_low_precision(kind: str, precision: Precision) -> None:
    job = small_job({"model.kind": kind, "optimizer.lr": 0.01}, precision=precision)
    started = TorchBackend(keep_memory=False).start(job)
    found = started.run(small_batches(job, 60)).loss
    assert found[-6:].mean() < 0.9 * found[:6].mean()
    wide = TorchBackend().start(dataclasses.replace(job, precision="float32"))
    wide.load(started.weights())
    low = started.predict(job.inputs)
    assert low.dtype == np.float32
    difference = np.abs(low - wide.predict(job.inputs)).max()
    assert 0 < difference < 0.05 * np.abs(low).max()


def test_explicit_attention_is_the_fused_one() -> None:
    job = family_job("language_model")
    layer = next(one for one in walk(job.layers) if isinstance(one, Attention))
    weights = {name: torch.from_numpy(array) for name, array in job.weights.items()}
    x = torch.randn(4, 6, layer.units, dtype=torch.float64, generator=torch.manual_seed(0))
    tokens = torch.tensor([[1] * 6, [1, 2, 0, 0, 0, 0], [0] * 6, [3] * 5 + [0]])
    for padded in (False, True):
        modes = [Mode(padded=padded, repeatable=repeatable) for repeatable in (False, True)]
        for mode in modes:
            mode.note_padding(tokens)
        fused, explicit = (sequences.attention(layer, weights, x, mode) for mode in modes)
        assert_allclose(fused.numpy(), explicit.numpy(), rtol=1e-9, atol=1e-12)


def test_an_overflow_halves_the_scale_and_many_good_steps_double_it() -> None:
    scale = LossScale()
    assert not scale.passes(torch.tensor(torch.inf))
    assert float(scale.factor) == 2**15
    for _ in range(DOUBLED_AFTER):
        assert float(scale.factor) == 2**15
        assert scale.passes(torch.tensor(1.0))
    assert float(scale.factor) == 2**16


def test_a_single_example_has_its_own_mean() -> None:
    """PyTorch itself refuses to normalise over one value."""
    job = small_job({"model.normalization": "batch"})
    started = TorchBackend(keep_memory=False).start(job)
    found, _ = started.gradients(job.inputs[:1], job.targets[:1])
    outputs = reference.forward(job.layers, job.weights, job.inputs[:1], training=True)["output"]
    assert found == pytest.approx(reference.loss(job.recipe, outputs, job.targets[:1]))
    started.run(Batches(np.zeros((1, 1), np.int64), np.zeros(1)))
    expected = reference.running_statistics(job.layers, job.weights, job.inputs[:1])
    for name, array in expected.items():
        assert_allclose(started.weights()[name], array, rtol=1e-9, atol=1e-12)


def test_a_job_without_examples_takes_those_of_its_batches() -> None:
    job = small_job({"model.kind": "cnn"})
    bare = dataclasses.replace(job, inputs=job.inputs[:0])
    batches = small_batches(job, 3)
    batches = dataclasses.replace(batches, inputs=job.inputs[batches.rows])
    one, other = (TorchBackend(keep_memory=False).start(each) for each in (job, bare))
    assert_array_equal(one.run(batches).loss, other.run(batches).loss)
