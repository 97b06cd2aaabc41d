"""The JAX backend keeps the contract, and its own promises."""

# ruff: noqa: E402  the imports below need what may not be installed
from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("optax")
jax = pytest.importorskip("jax")

import jax.numpy as jnp
from advisor_jax import JaxBackend, cache, devices
from advisor_jax.compiled import ORDINARY, REPEATABLE, programs_for
from advisor_jax.images import average_pool, matmul_conv, max_pool
from advisor_jax.randomness import uniform
from advisor_jax.training import padded_size
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from platformdirs import user_cache_path

from advisor.backend import Backend, DeviceError, Job
from advisor.recipe import Task
from advisor.testing import BackendContract, small_batches, small_data, small_job

few = settings(max_examples=10, deadline=None)  # each new shape is compiled
sides = st.integers(2, 7)


class TestJax(BackendContract):
    @pytest.fixture
    def backend(self) -> Backend:
        return JaxBackend()


@pytest.mark.skipif(jax.default_backend() == "cpu", reason="needs a GPU or TPU")
class TestJaxOnAccelerator(TestJax):
    device = devices.available()[0]


CNN = {"model.kind": "cnn", "model.normalization": "batch", "regularization.dropout": 0.2}
NUMBERS: dict[str, Any] = {
    "optimizer.lr": 0.5,
    "optimizer.beta1": 0.8,
    "optimizer.beta2": 0.95,
    "optimizer.eps": 1e-4,
    "optimizer.clip_norm": 0.1,
    "schedule.kind": "cosine",
    "regularization.dropout": 0.4,
    "regularization.weight_decay": 0.1,
    "regularization.l2": 0.1,
    "regularization.l1": 0.1,
    "regularization.label_smoothing": 0.1,
    "optimizer.handover": {"lr": 0.1, "momentum": 0.5},
    "train.seed": 5,
    "initialization.gain": 2.0,
}


def _exercise(job: Job) -> None:
    training = JaxBackend().start(job)
    for start in (0, 3):
        training.run(small_batches(job, 3, start=start))
        training.predict(job.inputs)
        training.activations(job.inputs)


def _programs() -> list[int]:
    compiled = (
        ORDINARY.run_steps,
        ORDINARY.predict,
        ORDINARY.activations,
        ORDINARY.first_moments,
    )
    return [_compiled(one) for one in compiled]


def _compiled(function: Any) -> int:
    """How many programs JAX has made of it."""
    count: int = function._cache_size()
    return count


def test_numbers_are_not_compiled_in() -> None:
    base = {**CNN, "optimizer.kind": "adamw"}
    _exercise(small_job(base))
    before = _programs()
    for path, value in NUMBERS.items():
        _exercise(small_job({**base, path: value}))
    _exercise(small_job({**CNN, "optimizer.kind": "adam"}))
    _exercise(small_job(base, target_weights=(2.0, 1.0, 0.5)))
    assert _programs() == before


TRANSFORMER = {
    "model.kind": "transformer",
    "regularization.attention_dropout": 0.1,
    "regularization.stochastic_depth": 0.1,
}


@pytest.mark.parametrize(
    ("task", "one", "other"),
    [
        ("classification", {"optimizer.kind": "sgd", "optimizer.momentum": 0.9}, 0.8),
        ("classification", {"optimizer.kind": "rmsprop", "optimizer.momentum": 0.9}, 0.8),
        ("classification", {"optimizer.kind": "nadam", "optimizer.momentum_decay": 0.004}, 0.1),
        ("classification", {"optimizer.kind": "lion", "optimizer.beta2": 0.99}, 0.9),
        ("classification", {"loss.kind": "focal", "loss.gamma": 2.0}, 0.5),
        ("classification", TRANSFORMER, 0.3),
        ("regression", {"loss.kind": "huber", "loss.delta": 1.0}, 0.3),
    ],
)
def test_numbers_of_other_kinds_are_not_compiled_in(
    task: Task, one: dict[str, Any], other: float
) -> None:
    _exercise(small_job(one, task))
    before = _programs()
    _exercise(small_job({**one, list(one)[-1]: other}, task))
    assert _programs() == before


def test_a_thaw_compiles_one_program() -> None:
    job = small_job()
    training, batches = JaxBackend().start(job), small_batches(job, 3)
    training.run(batches)
    before = _compiled(ORDINARY.run_steps)
    for scales in ({"dense1.kernel": 0.0, "dense1.bias": 0.0}, {"dense1.kernel": 0.5}, {}):
        training.run(dataclasses.replace(batches, scales=scales))
    assert _compiled(ORDINARY.run_steps) == before + 1


def test_a_handover_compiles_one_program_whatever_its_numbers() -> None:
    before = 0
    for momentum in (0.9, 0.5):
        job = small_job({"optimizer.handover": {"momentum": momentum}})
        training, batches = JaxBackend().start(job), small_batches(job, 3)
        training.run(dataclasses.replace(batches, handed_over=True))
        before = before or _compiled(ORDINARY.run_steps)
    assert _compiled(ORDINARY.run_steps) == before


def test_many_sizes_are_predicted_by_few_programs() -> None:
    job = small_job(precision="float32")
    training, before = JaxBackend().start(job), _compiled(ORDINARY.predict)
    inputs, _ = small_data("classification", (6,), 2500)
    for n in range(1, 2500, 97):
        assert training.predict(inputs[:n]).shape == (n, 3)
    assert training.predict(inputs[:0]).shape == (0, 3)
    assert _compiled(ORDINARY.predict) - before <= 4 * 5 + 1  # from 32 to 1024


def test_little_of_a_prediction_is_padding() -> None:
    sizes = {padded_size(n) for n in range(1, 1025)}
    assert len(sizes) <= 4 * 5 + 1
    assert all(n <= padded_size(n) <= max(32, 1.25 * n) for n in range(1, 1025))


def test_precision_is_the_jobs_own() -> None:
    double = JaxBackend().start(small_job())
    single = JaxBackend().start(small_job(precision="float32"))
    job = small_job()
    for start in range(2):
        assert double.run(small_batches(job, 1, start=start)).loss.dtype == np.float64
        assert single.run(small_batches(job, 1, start=start)).loss.dtype == np.float32
    for training, dtype in ((double, np.float64), (single, np.float32)):
        assert training.predict(job.inputs).dtype == dtype
        assert training.gradients(job.inputs, job.targets)[1]["output.kernel"].dtype == dtype
        assert {array.dtype for array in training.weights().values()} == {np.dtype(dtype)}
    assert jnp.ones(1).dtype == np.float32
    assert not jax.config.jax_enable_x64
    with jax.enable_x64(True):
        assert single.run(small_batches(job, 1)).loss.dtype == np.float32


def test_a_run_leaves_what_was_handed_out() -> None:
    """Its buffers are donated: nothing outside may share them."""
    job = small_job()
    kept = {name: array.copy() for name, array in job.weights.items()}
    training = JaxBackend().start(job)
    before = training.weights()
    training.run(small_batches(job, 3))
    for name, array in kept.items():
        assert_array_equal(job.weights[name], array)
        assert_array_equal(before[name], array)
    assert np.any(training.weights()["output.kernel"] != before["output.kernel"])


def test_rows_beyond_the_data_are_refused() -> None:
    job = small_job()
    batches = small_batches(job, 1)
    for row in (-1, len(job.targets)):
        with pytest.raises(IndexError, match=r"0\.\.95"):
            JaxBackend().start(job).run(dataclasses.replace(batches, rows=batches.rows * 0 + row))


def test_batch_normalization_of_one_example_is_refused() -> None:
    job = small_job({"model.normalization": "batch"})
    batches = small_batches(job, 1)
    with pytest.raises(ValueError, match="more than one value per feature"):
        JaxBackend().start(job).run(dataclasses.replace(batches, rows=batches.rows[:, :1]))


def test_devices_best_first(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclasses.dataclass
    class Fake:
        platform: str

    tpu, one, two, cpu = Fake("tpu"), Fake("gpu"), Fake("gpu"), Fake("cpu")
    monkeypatch.setattr(
        jax, "local_devices", lambda backend=None: [cpu] if backend else [tpu, one, two]
    )
    assert devices.available() == ("gpu:0", "gpu:1", "tpu:0", "cpu")
    assert devices.choose("auto") == ("gpu:0", one)
    assert devices.choose("cuda:1") == devices.choose("gpu:1") == ("gpu:1", two)
    assert devices.choose("tpu")[1] is tpu
    with pytest.raises(DeviceError, match=r"gpu:2.*has: auto, gpu:0, gpu:1, tpu:0, cpu"):
        devices.choose("gpu:2")


def test_repeatable_programs_are_those_of_gpus() -> None:
    assert programs_for("gpu", deterministic=True) is REPEATABLE
    assert programs_for("gpu", deterministic=False) is ORDINARY
    assert programs_for("cpu", deterministic=True) is ORDINARY
    job = small_job()
    ordinary, repeatable = JaxBackend().start(job), JaxBackend().start(job)
    repeatable.compiled = REPEATABLE  # XLA knows the flag, on whatever it runs
    one, other = (training.run(small_batches(job, 3)) for training in (ordinary, repeatable))
    assert_allclose(one.loss, other.loss, rtol=1e-12)


# State


def test_a_state_is_plain_arrays_by_name() -> None:
    job = small_job({"model.normalization": "batch", "optimizer.kind": "nadam"})
    training = JaxBackend().start(job)
    training.run(dataclasses.replace(small_batches(job, 2), average=np.array([0.0, 1.0])))
    state = training.state()
    for name in (
        "parameters.dense1.kernel",
        "statistics.dense1.norm.mean",
        "moments.nu.output.kernel",
        "average.parameters.output.kernel",
    ):
        assert state[name].dtype == np.float64
    assert all(isinstance(a, np.ndarray) and a.dtype.kind in "fiu" for a in state.values())


@pytest.mark.parametrize("changes", [{"optimizer.kind": "sgd"}, {"model.hidden": (9,)}])
def test_a_state_of_another_job_is_refused(changes: dict[str, Any]) -> None:
    state = JaxBackend().start(small_job()).state()
    with pytest.raises(ValueError, match="state of another job"):
        JaxBackend().start(small_job(changes)).restore(state)


def test_float16_gradients_are_finite_from_the_start() -> None:
    job = small_job({"optimizer.kind": "sgd"}, "regression", precision="float16")
    far = dataclasses.replace(job, targets=job.targets + 1000)
    _, gradients = JaxBackend().start(far).gradients(far.inputs, far.targets)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


# Layers


@given(
    side=sides,
    width=sides,
    channels=st.integers(1, 3),
    size=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["symmetric", "SAME", "VALID"]),
)
@few
def test_convolution_by_matrix_product(
    side: int, width: int, channels: int, size: int, stride: int, padding: str
) -> None:
    random = np.random.default_rng(side)
    x = jnp.asarray(random.standard_normal((2, side + 4, width + 4, channels)), jnp.float32)
    kernel = jnp.asarray(random.standard_normal((size, size, channels, 4)), jnp.float32)
    pads: Any = ((size // 2, size // 2),) * 2 if padding == "symmetric" else padding
    axes = ("NHWC", "HWIO", "NHWC")
    expected = lax.conv_general_dilated(x, kernel, (stride, stride), pads, dimension_numbers=axes)
    found = matmul_conv(x, kernel, (stride, stride), pads, dimension_numbers=axes)
    assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_convolution_in_groups_is_left_to_xla() -> None:
    x, kernel = jnp.ones((1, 4, 4, 2)), jnp.ones((1, 1, 1, 2))
    axes = ("NHWC", "HWIO", "NHWC")
    found = matmul_conv(x, kernel, (1, 1), "SAME", dimension_numbers=axes, feature_group_count=2)
    assert_array_equal(found, jnp.ones((1, 4, 4, 2)))


@given(height=sides, width=sides)
@few
def test_pooling_against_numpy(height: int, width: int) -> None:
    x = np.random.default_rng(height).standard_normal((2, height, width, 3)).astype(np.float32)
    rows, columns = height // 2, width // 2
    blocks = x[:, : 2 * rows, : 2 * columns].reshape(2, rows, 2, columns, 2, 3)
    assert_array_equal(max_pool(jnp.asarray(x)), blocks.max(axis=(2, 4)))
    assert_allclose(average_pool(jnp.asarray(x)), blocks.mean(axis=(2, 4)), atol=1e-6)


def test_pooling_of_equals_and_of_nan() -> None:
    equal = jnp.ones((1, 2, 2, 1))
    slope = jax.grad(lambda x: max_pool(x).sum())(equal)
    assert_array_equal(slope[0, :, :, 0], [[1, 0], [0, 0]])
    for place in range(4):
        spoiled = equal.ravel().at[place].set(jnp.nan).reshape(equal.shape)
        assert jnp.isnan(max_pool(spoiled)).all()


def test_random_numbers_are_uniform_and_unrelated() -> None:
    """24 streams of 4096: means, moments and correlations within 5 standard errors."""
    keys = jax.random.key_data(jax.random.split(jax.random.key(0), 12))
    drawn = [uniform(key, stream, (64, 64)) for key in keys for stream in (0, 1)]
    found = np.stack(drawn).reshape(24, -1).astype(np.float64)
    assert found.min() >= 0
    assert found.max() < 1
    error = 5 / np.sqrt(found.size)
    for power in (1, 2, 3):
        spread = np.sqrt(1 / (2 * power + 1) - 1 / (power + 1) ** 2)
        assert abs((found**power).mean() - 1 / (power + 1)) < error * spread
    between = np.corrcoef(found) - np.eye(24)
    assert np.abs(between).max() < 5 / np.sqrt(4096)
    along = [np.corrcoef(found[:, lag:].ravel(), found[:, :-lag].ravel())[0, 1] for lag in (1, 64)]
    assert np.abs(along).max() < error


# The cache of compiled programs


def test_where_programs_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "jax"
    monkeypatch.delenv("ADVISOR_CACHE")
    assert cache.cache_folder() == user_cache_path("advisor", appauthor=False) / "jax"


SCRIPT = """
import sys
from advisor.testing import small_batches, small_job
from advisor_jax import JaxBackend, cache
job = small_job()
print(JaxBackend().start(job).run(small_batches(job, 3)).loss.tolist(), cache.keep_programs())
print("torch" in sys.modules)
"""


def _in_new_process(folder: Path) -> list[str]:
    """Compiles as it does for users."""
    ours = ("JAX_", "XLA_FLAGS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    made = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={**clean, "ADVISOR_CACHE": str(folder)},
    )
    return made.stdout.splitlines()


def test_programs_are_kept_between_processes(tmp_path: Path) -> None:
    first = _in_new_process(tmp_path)
    kept = {entry.name for entry in (tmp_path / "jax").iterdir()}
    assert any("run_steps" in name for name in kept)
    assert first[0].endswith("True")
    assert first[1] == "False"
    assert _in_new_process(tmp_path) == first
    assert {entry.name for entry in (tmp_path / "jax").iterdir()} == kept


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path / "file"))
    config: Any = jax.config  # its options are not typed
    kept = config.jax_compilation_cache_dir
    config.update("jax_compilation_cache_dir", None)
    try:
        assert not cache.keep_programs.__wrapped__()
        assert config.jax_compilation_cache_dir is None
    finally:
        config.update("jax_compilation_cache_dir", kept)


def test_old_programs_are_forgotten(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("old-cache", "new-cache", "old"))
    for path in (old, new, other):
        path.write_text("")
    long_ago = time.time() - cache.KEPT_SECONDS - 60
    for path in (old, other):
        os.utime(path, (long_ago, long_ago))
    cache._forget_old(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"new-cache", "old"}
