"""The contract that every backend keeps, as tests to inherit; and small jobs to try things on.

For a backend of your own:

    class TestMine(BackendContract):
        @pytest.fixture
        def backend(self) -> Backend:
            return MyBackend()

What a layer, a loss or an optimiser must compute is in `advisor.reference`. For readable
failures, call `pytest.register_assert_rewrite("advisor.testing")` before importing this module.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor import reference
from advisor.architecture import (
    BATCH_NORM_MOMENTUM,
    Activation,
    BatchNorm,
    Dropout,
    Floats,
    Weights,
    is_decayed,
    is_trainable,
)
from advisor.backend import Backend, Batches, Job, Precision, Training
from advisor.recipe import (
    Task,
)
from advisor.testing_jobs import (
    ACTIVATIONS as ACTIVATIONS,
)
from advisor.testing_jobs import (
    CLASSES as CLASSES,
)
from advisor.testing_jobs import (
    CLOSE as CLOSE,
)
from advisor.testing_jobs import (
    EXACT as EXACT,
)
from advisor.testing_jobs import (
    MODELS as MODELS,
)
from advisor.testing_jobs import (
    NORMALIZATIONS as NORMALIZATIONS,
)
from advisor.testing_jobs import (
    OPTIMIZERS as OPTIMIZERS,
)
from advisor.testing_jobs import (
    RATES as RATES,
)
from advisor.testing_jobs import (
    SHAPES as SHAPES,
)
from advisor.testing_jobs import (
    TASKS as TASKS,
)
from advisor.testing_jobs import (
    float32 as float32,
)
from advisor.testing_jobs import (
    mixed_job as mixed_job,
)
from advisor.testing_jobs import (
    scattered as scattered,
)
from advisor.testing_jobs import (
    small_batches as small_batches,
)
from advisor.testing_jobs import (
    small_data as small_data,
)
from advisor.testing_jobs import (
    small_job as small_job,
)
from advisor.testing_jobs import (
    small_recipe as small_recipe,
)


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _same(one: Weights, other: Weights, rtol: float = 0.0) -> None:
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert_allclose(array, other[name], rtol=rtol, atol=rtol, err_msg=name)


class BackendContract:
    """Inherit, and provide the fixture `backend`; `device` names where the tests run."""

    device = "cpu"

    @pytest.fixture
    def backend(self) -> Backend:
        raise NotImplementedError("provide a fixture called backend")

    def job(
        self,
        changes: Mapping[str, Any] | None = None,
        task: Task = "classification",
        precision: Precision = "float64",
    ) -> Job:
        return small_job(changes, task, precision=precision, device=self.device)

    # What it is

    def test_it_is_a_backend(self, backend: Backend) -> None:
        assert isinstance(backend, Backend)
        info = backend.info()
        assert info.name == backend.name
        assert info.versions
        training = backend.start(self.job())
        assert isinstance(training, Training)
        assert training.device in info.devices

    def test_auto_is_the_best_device(self, backend: Backend) -> None:
        job = small_job(device="auto", precision="float32")
        assert backend.start(job).device == backend.info().devices[0]

    def test_a_device_that_is_not_here(self, backend: Backend) -> None:
        with pytest.raises(ValueError, match="abacus:7") as raised:
            backend.start(small_job(device="abacus:7"))
        for name in backend.info().devices:
            assert name in str(raised.value)

    # Weights

    @pytest.mark.parametrize("kind", MODELS)
    def test_weights_come_back_as_they_went_in(self, backend: Backend, kind: str) -> None:
        job = self.job({"model.kind": kind, "model.normalization": "batch"})
        training = backend.start(job)
        _same(training.weights(), job.weights)
        changed = scattered(job.weights)
        training.load(changed)
        found = training.weights()
        _same(found, changed)
        for array in found.values():
            array += 1
        _same(training.weights(), changed)
        _same(scattered(job.weights), changed)

    def test_float32_rounds_once(self, backend: Backend) -> None:
        job = self.job({"model.kind": "cnn"}, precision="float32")
        rounded = {name: float32(array) for name, array in job.weights.items()}
        _same(backend.start(job).weights(), rounded)

    # Forward

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    @pytest.mark.parametrize("kind", MODELS)
    def test_predictions_are_the_references(
        self, backend: Backend, kind: str, normalization: str
    ) -> None:
        job = mixed_job(kind, normalization, "float64", self.device)
        expected = reference.forward(job.layers, job.weights, job.inputs)
        training = backend.start(job)
        assert_allclose(training.predict(job.inputs), expected["output"], rtol=CLOSE, atol=CLOSE)
        found = training.activations(job.inputs)
        assert list(found) == [one.name for one in job.layers if isinstance(one, Activation)]
        for name, values in found.items():
            assert_allclose(values, expected[name], rtol=CLOSE, atol=CLOSE)

    def test_predictions_do_not_depend_on_their_company(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch"})
        inputs, _ = small_data("classification", (6,), 2500)
        training = backend.start(job)
        alone = [training.predict(inputs[:3]), training.predict(inputs[3:])]
        assert_allclose(training.predict(inputs), np.concatenate(alone), rtol=EXACT, atol=EXACT)

    def test_looking_changes_nothing(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch", "regularization.dropout": 0.5})
        watched, alone = backend.start(job), backend.start(job)
        for step in range(3):
            first = watched.predict(job.inputs)
            watched.activations(job.inputs)
            watched.gradients(job.inputs[:16], job.targets[:16])
            watched.weights()
            assert_array_equal(watched.predict(job.inputs), first)
            batches = small_batches(job, 1, start=step)
            assert_array_equal(watched.run(batches).loss, alone.run(batches).loss)
        _same(watched.weights(), alone.weights())

    # Losses and gradients

    @pytest.mark.parametrize("loss", [*TASKS, "smoothed"])
    def test_losses_are_the_references(self, backend: Backend, loss: str) -> None:
        changes: dict[str, Any] = {"loss.kind": loss}
        if loss == "smoothed":
            changes = {"regularization.label_smoothing": 0.2}
        if loss == "huber":
            changes["loss.delta"] = 0.5
        job = self.job(changes, TASKS.get(loss, "classification"))
        outputs = reference.forward(job.layers, job.weights, job.inputs)["output"]
        expected = reference.loss(job.recipe, outputs, job.targets)
        training = backend.start(job)
        found, gradients = training.gradients(job.inputs, job.targets)
        assert_allclose(found, expected, rtol=CLOSE)
        self.agree_with_differences(job, gradients)

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    @pytest.mark.parametrize("kind", MODELS)
    def test_gradients_are_differences(
        self, backend: Backend, kind: str, normalization: str
    ) -> None:
        job = mixed_job(kind, normalization, "float64", self.device)
        training = backend.start(job)
        loss, gradients = training.gradients(job.inputs, job.targets)
        _same(training.weights(), job.weights)
        outputs = reference.forward(job.layers, job.weights, job.inputs, training=True)["output"]
        assert_allclose(loss, reference.loss(job.recipe, outputs, job.targets), rtol=CLOSE)
        self.agree_with_differences(job, gradients)

    def agree_with_differences(self, job: Job, gradients: Weights) -> None:
        """Along one random direction in each parameter; of the loss and half l2 times kernel^2."""
        weights = job.weights
        assert gradients.keys() == {name for name in weights if is_trainable(name)}
        random, h = np.random.Generator(np.random.Philox(3)), 1e-5
        for name, gradient in gradients.items():
            assert gradient.shape == weights[name].shape
            direction = random.standard_normal(gradient.shape)
            values = []
            for side in (h, -h):
                moved = {**weights, name: weights[name] + side * direction}
                outputs = reference.forward(job.layers, moved, job.inputs, training=True)["output"]
                l2 = job.recipe.regularization.l2 if is_decayed(name) else 0.0
                penalty = l2 / 2 * float(np.sum(moved[name] ** 2))
                values.append(reference.loss(job.recipe, outputs, job.targets) + penalty)
            slope = (values[0] - values[1]) / (2 * h)
            found = np.sum(gradient * direction)
            assert_allclose(found, slope, rtol=1e-6, atol=1e-8, err_msg=name)

    def test_relu_is_flat_at_zero(self, backend: Backend) -> None:
        job = self.job()
        weights = scattered(job.weights)
        weights |= {name: 0 * weights[name] for name in ("dense1.kernel", "dense1.bias")}
        training = backend.start(dataclasses.replace(job, weights=weights))
        _, gradients = training.gradients(job.inputs, job.targets)
        assert not gradients["dense1.bias"].any()
        assert gradients["output.bias"].all()

    # Steps

    @pytest.mark.parametrize("changes", OPTIMIZERS.values(), ids=OPTIMIZERS)
    def test_steps_are_the_references(self, backend: Backend, changes: Mapping[str, Any]) -> None:
        job = self.job(changes)
        training, optimizer = backend.start(job), reference.Optimizer(job.recipe)
        weights, losses = job.weights, []
        for step in range(5):
            batches = small_batches(job, 1, lr=0.05, start=step)
            rows = batches.rows[0]
            loss, gradients = training.gradients(job.inputs[rows], job.targets[rows])
            report = training.run(batches)
            assert_allclose(report.loss, [loss], rtol=CLOSE)
            assert_allclose(report.grad_norm, [reference.global_norm(gradients)], rtol=CLOSE)
            weights = optimizer.updated(weights, gradients, float(batches.lr[0]))
            _same(training.weights(), weights, CLOSE)
            losses.append(loss)
        at_once = backend.start(job)
        assert_allclose(at_once.run(small_batches(job, 5, lr=0.05)).loss, losses, rtol=CLOSE)
        _same(at_once.weights(), training.weights(), EXACT)

    def test_portions_do_not_matter(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch", "regularization.dropout": 0.3})
        whole, parts = backend.start(job), backend.start(job)
        report = whole.run(small_batches(job, 6))
        losses = [parts.run(small_batches(job, 2, start=step)).loss for step in range(0, 6, 2)]
        assert_allclose(report.loss, np.concatenate(losses), rtol=EXACT)
        _same(whole.weights(), parts.weights(), EXACT)

    @pytest.mark.parametrize("kind", MODELS)
    def test_given_inputs_take_the_place_of_rows(self, backend: Backend, kind: str) -> None:
        job = self.job({"model.kind": kind, "regularization.dropout": 0.3})
        by_rows, given = backend.start(job), backend.start(job)
        batches = small_batches(job, 4)
        changed = dataclasses.replace(batches, inputs=job.inputs[batches.rows])
        assert_array_equal(by_rows.run(batches).loss, given.run(changed).loss)
        _same(by_rows.weights(), given.weights())
        other = dataclasses.replace(batches, inputs=-job.inputs[batches.rows])
        assert given.run(other).loss[0] != by_rows.run(batches).loss[0]

    @pytest.mark.parametrize("kind", MODELS)
    def test_a_run_repeats_bit_for_bit(self, backend: Backend, kind: str) -> None:
        job = self.job({"model.kind": kind, "regularization.dropout": 0.5}, precision="float32")
        runs = []
        for _ in range(2):
            training = backend.start(job)
            runs.append((training.run(small_batches(job, 8)), training.weights()))
        assert_array_equal(runs[0][0].loss, runs[1][0].loss)
        assert_array_equal(runs[0][0].grad_norm, runs[1][0].grad_norm)
        _same(runs[0][1], runs[1][1])

    def test_trainings_do_not_disturb_each_other(self, backend: Backend) -> None:
        job = self.job({"regularization.dropout": 0.5})
        alone = backend.start(job).run(small_batches(job, 3)).loss
        one, two = backend.start(job), backend.start(job)
        for step in range(3):
            batches = small_batches(job, 1, start=step)
            assert_allclose(one.run(batches).loss, alone[step : step + 1], rtol=EXACT)
            two.run(batches)

    def test_divergence_is_reported_and_not_raised(self, backend: Backend) -> None:
        job = self.job({"optimizer.kind": "sgd"}, "regression", precision="float32")
        training = backend.start(job)
        report = training.run(small_batches(job, 8, lr=1e30))
        assert np.isfinite(report.loss[0])
        assert not np.isfinite(report.loss[-1])
        assert not np.isfinite(report.grad_norm[-1])
        assert not np.isfinite(training.predict(job.inputs)).all()

    @pytest.mark.parametrize(
        ("loss", "optimizer"),
        [
            *((loss, "adam") for loss in TASKS if loss != "cross_entropy"),
            *(("cross_entropy", kind) for kind in RATES),
        ],
    )
    def test_the_loss_falls(self, backend: Backend, loss: str, optimizer: str) -> None:
        changes = {"loss.kind": loss, "optimizer.kind": optimizer}
        job = self.job(changes, TASKS[loss], precision="float32")
        found = backend.start(job).run(small_batches(job, 60, lr=RATES[optimizer])).loss
        assert found[-6:].mean() < 0.8 * found[:6].mean()

    @pytest.mark.parametrize("number", range(len(ACTIVATIONS)))
    def test_every_part_trains(self, backend: Backend, number: int) -> None:
        changes = {
            "model.activation": ACTIVATIONS[number],
            "model.normalization": NORMALIZATIONS[number % 3],
            "model.kind": MODELS[number % 2],
        }
        job = self.job(changes, precision="float32")
        found = backend.start(job).run(small_batches(job, 60, lr=0.01)).loss
        assert found[-6:].mean() < 0.9 * found[:6].mean()

    # Normalisation, dropout, telemetry

    @pytest.mark.parametrize("kind", MODELS)
    def test_running_statistics(self, backend: Backend, kind: str) -> None:
        job = self.job({"model.kind": kind, "model.normalization": "batch"})
        job = dataclasses.replace(job, weights=scattered(job.weights))
        training, batches = backend.start(job), small_batches(job, 1)
        training.run(batches)
        found = training.weights()
        inside = reference.forward(job.layers, job.weights, job.inputs[batches.rows[0]], True)
        for layer in job.layers:
            if isinstance(layer, BatchNorm):
                x = inside[_owner(layer.name)].reshape(-1, layer.features)
                for name, new in (("mean", x.mean(axis=0)), ("var", x.var(axis=0, ddof=1))):
                    old = job.weights[f"{layer.name}.{name}"]
                    expected = old + BATCH_NORM_MOMENTUM * (new - old)
                    assert_allclose(found[f"{layer.name}.{name}"], expected, rtol=CLOSE, atol=CLOSE)

    def test_dropout_masks_follow_seed_and_step(self, backend: Backend) -> None:
        def losses(seed: int, start: int, steps: int) -> Floats:
            job = self.job({"regularization.dropout": 0.5, "train.seed": seed})
            weights = self.job().weights
            batches = dataclasses.replace(
                small_batches(job, steps, lr=0.0),
                rows=np.tile(np.arange(16), (steps, 1)),
                step=start,
            )
            return backend.start(dataclasses.replace(job, weights=weights)).run(batches).loss

        by_seed = [losses(seed, 0, 6) for seed in (0, 1, 2, 2**31, 2**32 - 1)]
        assert len(np.unique(np.concatenate(by_seed))) == 30
        assert_array_equal(losses(0, 0, 6), by_seed[0])
        assert_allclose(losses(0, 4, 2), by_seed[0][4:], rtol=EXACT)

    def test_dropout_keeps_the_mean_and_the_share(self, backend: Backend) -> None:
        rate, steps = 0.3, 600
        job = self.job({"regularization.dropout": rate, "optimizer.kind": "sgd"}, "regression")
        rows = np.tile(np.arange(96), (steps, 1))
        found = backend.start(job).run(Batches(rows, np.zeros(steps))).loss
        inside = reference.forward(job.layers, job.weights, job.inputs)
        terms = inside["dense1.activation"] * job.weights["output.kernel"][:, 0]
        variance = rate / (1 - rate) * np.sum(terms**2, axis=1)
        expected = np.mean((inside["output"][:, 0] - job.targets) ** 2 + variance)
        assert abs(found.mean() - expected) < 5 * found.std() / math.sqrt(steps)
        assert found.std() < 0.5 * expected

    def test_dropout_at_rate_zero_is_no_dropout(self, backend: Backend) -> None:
        job = self.job()
        bare = tuple(layer for layer in job.layers if not isinstance(layer, Dropout))
        assert len(bare) < len(job.layers)
        trainings = backend.start(job), backend.start(dataclasses.replace(job, layers=bare))
        one, other = (training.run(small_batches(job, 5)).loss for training in trainings)
        assert_array_equal(one, other)
        _same(trainings[0].weights(), trainings[1].weights())

    @pytest.mark.parametrize("kind", MODELS)
    def test_layers_are_reported_at_the_last_step(self, backend: Backend, kind: str) -> None:
        job = self.job({"model.kind": kind, **OPTIMIZERS["clipped"]})
        whole, parts = backend.start(job), backend.start(job)
        found = whole.run(small_batches(job, 2)).layers
        parts.run(small_batches(job, 1))
        before, last = parts.weights(), small_batches(job, 1, start=1)
        _, gradients = parts.gradients(job.inputs[last.rows[0]], job.targets[last.rows[0]])
        parts.run(last)
        after = parts.weights()
        assert set(found) == {name for name in job.weights if is_decayed(name)}
        for name, layer in found.items():
            weight = np.linalg.norm(before[name])
            ratio = np.linalg.norm(after[name] - before[name]) / (weight + 1e-9)
            expected = (np.linalg.norm(gradients[name]), weight, ratio)
            measured = (layer.grad_norm, layer.weight_norm, layer.update_ratio)
            assert_allclose(measured, expected, rtol=1e-7, err_msg=name)
