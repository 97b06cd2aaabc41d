"""The PyTorch backend keeps the contract, and its own promises."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from advisor_torch import TorchBackend, devices, examples, sequences
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
from advisor.backend import Backend, Batches, Precision
from advisor.testing import (
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
