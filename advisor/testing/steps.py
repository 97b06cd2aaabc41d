"""Optimiser steps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor.backend import Backend, Batches, Job, Training
from advisor.testing.base import Contract, assert_same
from advisor.testing.expected import Expected
from advisor.testing.families import FAMILIES, LOSS_CASES, OPTIMIZERS, RATES
from advisor.testing.jobs import CLOSE, EXACT, small_batches

FEW = 3
"""Steps of a run; nearly always the same, so that a backend that compiles does so once."""
MOMENTUM = OPTIMIZERS["momentum"]


def assert_as_expected(training: Training, expected: Expected, batches: Batches) -> None:
    found, wanted = training.run(batches), expected.run(batches)
    assert_allclose(found.loss, wanted.loss, rtol=CLOSE)
    assert_allclose(found.grad_norm, wanted.grad_norm, rtol=CLOSE)
    assert_same(training.weights(), expected.weights, CLOSE)
    assert found.layers.keys() == wanted.layers.keys()
    for name, layer in found.layers.items():
        measured, right = (dataclasses.astuple(one) for one in (layer, wanted.layers[name]))
        assert_allclose(measured, right, rtol=1e-7, atol=1e-12, err_msg=name)


def losses_of(training: Training, job: Job, runs: int, lr: float) -> np.ndarray:
    starts = range(0, FEW * runs, FEW)
    found = [training.run(small_batches(job, FEW, lr, start)).loss for start in starts]
    return np.concatenate(found)


class StepsContract(Contract):
    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_optimizers_are_the_references(self, backend: Backend, name: str) -> None:
        job = self.job(OPTIMIZERS[name])
        training, expected = backend.start(job), Expected(backend, job)
        for start in (0, FEW):
            assert_as_expected(training, expected, small_batches(job, FEW, 0.05, start))
        if getattr(job.recipe.optimizer, "handover", None):
            for start in (2 * FEW, 3 * FEW):
                batches = small_batches(job, FEW, 0.05, start)
                batches = dataclasses.replace(batches, handed_over=True)
                assert_as_expected(training, expected, batches)

    @pytest.mark.parametrize("name", FAMILIES)
    def test_families_train_as_the_reference(self, backend: Backend, name: str) -> None:
        job = self.family(name, MOMENTUM)
        training, expected = backend.start(job), Expected(backend, job)
        assert_as_expected(training, expected, small_batches(job, FEW, 0.02))
        fresh = backend.start(job)
        fresh.load(training.weights())
        assert_allclose(fresh.predict(job.inputs), training.predict(job.inputs), rtol=EXACT)

    @pytest.mark.parametrize("optimizer", ["momentum", "adamw", "lion", "adamw-handover"])
    def test_rates_of_single_parameters(self, backend: Backend, optimizer: str) -> None:
        job = self.job(OPTIMIZERS[optimizer])
        training, expected = backend.start(job), Expected(backend, job)
        batches = small_batches(job, FEW, 0.05)
        handed_over = optimizer.endswith("handover")
        frozen = {"dense1.kernel": 0.0, "output.bias": 0.0}
        for scales in (frozen, {**frozen, "dense1.kernel": 0.5, "dense1.bias": 2.0}, None):
            batches = dataclasses.replace(batches, scales=scales, handed_over=handed_over)
            assert_as_expected(training, expected, batches)
            if scales is not None:
                for name in (one for one, scale in scales.items() if scale == 0):
                    assert_array_equal(training.weights()[name], job.weights[name])

    def test_averages_are_what_evaluation_sees(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch", **OPTIMIZERS["adamw"]})
        training, expected = backend.start(job), Expected(backend, job)
        for start, average in enumerate(([0, 0, 0], [0, 1, 0.3], [0.5, 0, 0.2])):
            batches = small_batches(job, FEW, 0.05, FEW * start)
            batches = dataclasses.replace(batches, average=np.array(average, dtype=np.float64))
            assert_as_expected(training, expected, batches)
        fresh = backend.start(job)
        fresh.load(expected.weights)
        wanted = fresh.predict(job.inputs)
        assert_allclose(training.predict(job.inputs), wanted, rtol=CLOSE, atol=CLOSE)
        for name, values in fresh.activations(job.inputs).items():
            found = training.activations(job.inputs)[name]
            assert_allclose(found, values, rtol=CLOSE, atol=CLOSE)
        assert np.abs(expected.raw["dense1.norm.mean"] - expected.weights["dense1.norm.mean"]).any()
        training.load(expected.raw)
        assert_same(training.weights(), expected.raw)

    @pytest.mark.parametrize("normalization", ["group", "batch"])
    def test_a_batch_in_portions(self, backend: Backend, normalization: str) -> None:
        changes = {"model.normalization": normalization, **OPTIMIZERS["clipped"]}
        changes["loss.class_weights"] = (0.5, 1.0, 2.0)
        job = self.job({**changes, "train.accumulation": 4}, target_weights=(0.5, 1.0, 2.0))
        training, expected = backend.start(job), Expected(backend, job)
        assert_as_expected(training, expected, small_batches(job, FEW, 0.05))
        whole = backend.start(
            dataclasses.replace(job, recipe=job.recipe.changed({"train.accumulation": 1}))
        )
        whole.run(small_batches(job, FEW, 0.05))
        difference = np.abs(whole.weights()["output.kernel"] - training.weights()["output.kernel"])
        assert (difference.max() < CLOSE) == (normalization == "group")

    @pytest.mark.parametrize("name", ["mlp", "cnn", "transformer"])
    def test_given_inputs_take_the_place_of_rows(self, backend: Backend, name: str) -> None:
        job = self.family(name)
        nothing = dataclasses.replace(job, inputs=job.inputs[:0])
        by_rows, given = backend.start(job), backend.start(nothing)
        batches = small_batches(job, FEW)
        changed = dataclasses.replace(batches, inputs=job.inputs[batches.rows])
        assert_array_equal(by_rows.run(batches).loss, given.run(changed).loss)
        assert_same(by_rows.weights(), given.weights())
        other = dataclasses.replace(batches, inputs=job.inputs[batches.rows][:, ::-1])
        assert given.run(other).loss[0] != by_rows.run(batches).loss[0]

    def test_divergence_is_reported_and_not_raised(self, backend: Backend) -> None:
        job = self.job({"optimizer.kind": "sgd"}, "regression", precision="float32")
        training = backend.start(job)
        first = training.run(small_batches(job, FEW, lr=1e30))
        last = training.run(small_batches(job, FEW, lr=1e30, start=FEW))
        assert np.isfinite(first.loss[0])
        assert not np.isfinite(last.loss[-1])
        assert not np.isfinite(last.grad_norm[-1])
        assert not np.isfinite(training.predict(job.inputs)).all()

    @pytest.mark.parametrize("name", [one for one in LOSS_CASES if "weighted" not in one])
    def test_every_loss_falls(self, backend: Backend, name: str) -> None:
        case = LOSS_CASES[name]
        job = self.job(case.changes, case.task, "float32")
        found = losses_of(backend.start(job), job, 20, 0.01)
        assert found[-6:].mean() < 0.95 * found[:6].mean()

    @pytest.mark.parametrize("optimizer", RATES)
    def test_every_optimizer_learns(self, backend: Backend, optimizer: str) -> None:
        job = self.job(OPTIMIZERS[optimizer])
        found = losses_of(backend.start(job), job, 20, RATES[optimizer])
        assert found[-6:].mean() < 0.8 * found[:6].mean()

    @pytest.mark.parametrize("name", FAMILIES)
    def test_every_family_learns(self, backend: Backend, name: str) -> None:
        job = self.family(name, {**MOMENTUM, "regularization.l1": 1e-4, "regularization.l2": 1e-4})
        found = losses_of(backend.start(job), job, 20, 0.05)
        assert found[-6:].mean() < 0.95 * found[:6].mean()
