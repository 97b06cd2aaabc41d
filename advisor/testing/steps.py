"""Optimiser steps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor.architecture import Floats
from advisor.backend import Backend, Batches, Job, Training
from advisor.testing.base import Contract, assert_same
from advisor.testing.expected import Expected
from advisor.testing.families import OPTIMIZERS, RATES
from advisor.testing.jobs import CLOSE, EXACT, small_batches
from advisor.testing.losses import SGD, every_row

FEW = 3
"""Steps of a run, where it is not one: a backend that compiles does so once for each number."""


def assert_as_expected(training: Training, expected: Expected, batches: Batches) -> None:
    found, wanted = training.run(batches), expected.run(batches)
    assert_allclose(found.loss, wanted.loss, rtol=CLOSE)
    assert_allclose(found.grad_norm, wanted.grad_norm, rtol=CLOSE)
    assert_same(training.weights(), expected.weights, CLOSE)
    assert found.layers.keys() == wanted.layers.keys()
    for name, layer in found.layers.items():
        measured, right = (dataclasses.astuple(one) for one in (layer, wanted.layers[name]))
        assert_allclose(measured, right, rtol=1e-7, atol=1e-12, err_msg=name)


def losses_of(training: Training, job: Job, steps: int, lr: float) -> Floats:
    found = [training.run(small_batches(job, 1, lr, start)).loss for start in range(steps)]
    return np.concatenate(found)


class StepsContract(Contract):
    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_optimizers_are_the_references(self, backend: Backend, name: str) -> None:
        job = self.job(OPTIMIZERS[name])
        training, expected = backend.start(job), Expected(backend, job)
        for step in range(5):
            assert_as_expected(training, expected, small_batches(job, 1, 0.05, step))
        if getattr(job.recipe.optimizer, "handover", None):
            for step in range(5, 8):
                batches = small_batches(job, 1, 0.05, step)
                batches = dataclasses.replace(batches, handed_over=True)
                assert_as_expected(training, expected, batches)

    @pytest.mark.parametrize("name", RATES)
    def test_every_optimizer_learns(self, backend: Backend, name: str) -> None:
        job = self.job(OPTIMIZERS[name])
        found = losses_of(backend.start(job), job, 60, RATES[name])
        assert found[-6:].mean() < 0.8 * found[:6].mean()

    def test_portions_of_steps_do_not_matter(self, backend: Backend) -> None:
        changes = {"model.normalization": "batch", "regularization.dropout": 0.3}
        job = self.job({**changes, **OPTIMIZERS["nadam"]})
        whole, parts = backend.start(job), backend.start(job)
        report = whole.run(small_batches(job, FEW, 0.05))
        assert_allclose(losses_of(parts, job, FEW, 0.05), report.loss, rtol=EXACT)
        assert_same(whole.weights(), parts.weights(), EXACT)
        assert_same(whole.state(), parts.state(), EXACT)

    @pytest.mark.parametrize("name", ["momentum", "lion", "adamw-handover"])
    def test_rates_of_single_parameters(self, backend: Backend, name: str) -> None:
        job = self.job(OPTIMIZERS[name])
        training, expected = backend.start(job), Expected(backend, job)
        frozen = {"dense1.kernel": 0.0, "output.bias": 0.0}
        for scales in (frozen, {**frozen, "dense1.kernel": 0.5, "dense1.bias": 2.0}, None):
            batches = small_batches(job, 1, 0.05)
            handed_over = name.endswith("handover")
            batches = dataclasses.replace(batches, scales=scales, handed_over=handed_over)
            assert_as_expected(training, expected, batches)
            if scales is not None:
                for still in (one for one, scale in scales.items() if scale == 0):
                    assert_array_equal(training.weights()[still], job.weights[still])

    def test_averages_are_what_evaluation_sees(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch", **OPTIMIZERS["momentum"]})
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
        assert (expected.raw["dense1.norm.mean"] != expected.weights["dense1.norm.mean"]).any()
        training.load(expected.raw)
        assert_same(training.weights(), expected.raw)

    @pytest.mark.parametrize("normalization", ["group", "batch"])
    def test_a_batch_in_portions(self, backend: Backend, normalization: str) -> None:
        """The mean of the portions' gradients is the batch's, but for batch normalisation."""
        changes = {"model.normalization": normalization, **OPTIMIZERS["clipped"]}
        changes["train.accumulation"] = 4
        job = self.job(changes, target_weights=(0.5, 1.0, 2.0))
        training, expected = backend.start(job), Expected(backend, job)
        for step in range(FEW):
            assert_as_expected(training, expected, small_batches(job, 1, 0.05, step))
        at_once = job.recipe.changed({"train.accumulation": 1})
        whole = backend.start(dataclasses.replace(job, recipe=at_once))
        for step in range(FEW):
            whole.run(small_batches(job, 1, 0.05, step))
        difference = np.abs(whole.weights()["output.kernel"] - training.weights()["output.kernel"])
        assert (difference.max() < CLOSE) == (normalization == "group")

    @pytest.mark.parametrize("name", ["mlp", "rnn"])
    def test_given_inputs_take_the_place_of_rows(self, backend: Backend, name: str) -> None:
        job = self.job(SGD) if name == "mlp" else self.family(name, SGD)
        nothing = dataclasses.replace(job, inputs=job.inputs[:0])
        by_rows, given = backend.start(job), backend.start(nothing)
        batches = small_batches(job, FEW, 0.1) if name == "mlp" else every_row(job)
        changed = dataclasses.replace(batches, inputs=job.inputs[batches.rows])
        assert_array_equal(by_rows.run(batches).loss, given.run(changed).loss)
        assert_same(by_rows.weights(), given.weights())
        other = dataclasses.replace(batches, inputs=job.inputs[batches.rows][:, ::-1])
        assert given.run(other).loss[0] != by_rows.run(batches).loss[0]

    def test_divergence_is_reported_and_not_raised(self, backend: Backend) -> None:
        job = self.job(SGD, "regression", precision="float32")
        training = backend.start(job)
        reports = [training.run(small_batches(job, 1, lr=1e30, start=step)) for step in range(8)]
        assert np.isfinite(reports[0].loss[0])
        assert not np.isfinite(reports[-1].loss[0])
        assert not np.isfinite(reports[-1].grad_norm[0])
        assert not np.isfinite(training.predict(job.inputs)).all()
