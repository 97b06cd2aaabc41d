"""What drops at random, and that everything repeats."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor import reference
from advisor.architecture import Attention, Dense, Dropout, Floats, GlobalAverage, Weights
from advisor.backend import Backend, Batches, Job
from advisor.testing.base import Contract, assert_same
from advisor.testing.jobs import small_batches, small_data
from advisor.testing.losses import DROPS
from advisor.testing.steps import FEW, losses_of

MANY = 600
STILL = {"optimizer.kind": "sgd"}


def _same_rows(job: Job, steps: int, start: int = 0, lr: float = 0.0) -> Batches:
    rows = np.tile(np.arange(job.recipe.train.batch_size), (steps, 1))
    return Batches(rows, np.full(steps, lr), step=start)


class ChanceContract(Contract):
    @pytest.mark.parametrize("field", DROPS)
    def test_masks_follow_seed_and_step(self, backend: Backend, field: str) -> None:
        """At rate 0 of learning, losses of the same rows differ by their masks alone."""

        def losses(seed: int, start: int) -> Floats:
            changes = {**STILL, "model.hidden": (5,), field: 0.4, "train.seed": seed}
            job = self.family("transformer", changes)
            job = dataclasses.replace(job, weights=weights)
            training = backend.start(job)
            return np.concatenate(
                [training.run(_same_rows(job, 1, step)).loss for step in range(start, FEW)]
            )

        weights = self.family("transformer", {"model.hidden": (5,)}).weights
        by_seed = [losses(seed, 0) for seed in (0, 1, 2**31, 2**32 - 1)]
        assert len(np.unique(np.concatenate(by_seed))) == FEW * len(by_seed)
        assert_array_equal(losses(0, 0), by_seed[0])
        assert_array_equal(losses(0, 2), by_seed[0][2:])

    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("cnn", ["regularization.dropout", "regularization.feature_dropout"]),
            ("rnn", ["regularization.feature_dropout", "regularization.embedding_dropout"]),
            ("transformer", list(DROPS)),
        ],
    )
    def test_a_run_repeats_bit_for_bit(
        self, backend: Backend, name: str, fields: list[str]
    ) -> None:
        job = self.family(name, dict.fromkeys(fields, 0.3), precision="float32")
        runs = []
        for deterministic in (False, False, True, True):
            training = backend.start(dataclasses.replace(job, deterministic=deterministic))
            runs.append((training.run(small_batches(job, FEW)), training.weights()))
        for (report, weights), (other, others) in (runs[:2], runs[2:]):
            assert_array_equal(report.loss, other.loss)
            assert_array_equal(report.grad_norm, other.grad_norm)
            assert_same(weights, others)
        assert_allclose(runs[0][0].loss, runs[2][0].loss, rtol=1e-3)

    def test_trainings_do_not_disturb_each_other(self, backend: Backend) -> None:
        job = self.job({"regularization.dropout": 0.5})
        alone = losses_of(backend.start(job), job, FEW, 0.01)
        one, two = backend.start(job), backend.start(job)
        for step in range(FEW):
            batches = small_batches(job, 1, 0.01, step)
            assert_array_equal(one.run(batches).loss, alone[step : step + 1])
            two.run(batches)

    def test_dropout_keeps_the_mean_and_the_share(self, backend: Backend) -> None:
        rate = 0.3
        job = self.job({**STILL, "regularization.dropout": rate}, "regression")
        inside = reference.forward(job.layers, job.weights, job.inputs)
        terms = inside["dense1.activation"] * job.weights["output.kernel"][:, 0]
        variance = rate / (1 - rate) * np.sum(terms**2, axis=1)
        self.assert_varies(backend, job, variance)

    def test_stochastic_depth_keeps_the_mean_and_the_share(self, backend: Backend) -> None:
        rate = 0.3
        changes = {"model.hidden": (6,), "model.residual": True}
        changes |= {**STILL, "regularization.stochastic_depth": rate}
        job = self.job(changes, "regression")
        body = reference.forward(job.layers, job.weights, job.inputs)["dense1.dropout"]
        terms = body @ job.weights["output.kernel"][:, 0]
        self.assert_varies(backend, job, rate / (1 - rate) * terms**2)

    def test_attention_dropout_keeps_the_mean_and_the_share(self, backend: Backend) -> None:
        """With one head, values of one unit and two steps, the variance is simple to write."""
        rate = 0.3
        job = _attention_job(self.job(STILL, "regression"), rate)
        x, kernel = job.inputs.astype(np.float64), job.weights["attention.kernel"][0]
        query, key, value = x @ kernel[:1], x @ kernel[1:2], x @ kernel[2:]
        powers = np.exp(query[:, :, None] * key[:, None, :])
        shares = powers / powers.sum(axis=2, keepdims=True)
        factor = job.weights["attention.output_kernel"][0, 0] * job.weights["output.kernel"][0, 0]
        terms = shares * value[:, None, :] * factor / 2
        self.assert_varies(backend, job, rate / (1 - rate) * np.sum(terms**2, axis=(1, 2)))

    def assert_varies(self, backend: Backend, job: Job, variance: Floats) -> None:
        """The outputs vary by this much (n,) around those without any dropping."""
        rows = np.tile(np.arange(len(job.targets)), (MANY, 1))
        found = backend.start(job).run(Batches(rows, np.zeros(MANY))).loss
        outputs = reference.forward(job.layers, job.weights, job.inputs)["output"]
        expected = np.mean((outputs[:, 0] - job.targets) ** 2 + variance)
        assert abs(found.mean() - expected) < 5 * found.std() / math.sqrt(MANY)
        assert 0 < found.std() < 0.5 * expected

    def test_every_portion_has_its_own_masks(self, backend: Backend) -> None:
        """The same example 16 times: with one mask for all portions, the loss would vary more."""

        def deviation(portions: int) -> float:
            changes = {**STILL, "regularization.dropout": 0.5, "train.accumulation": portions}
            job = self.job(changes, "regression")
            batches = dataclasses.replace(_same_rows(job, 100), rows=np.zeros((100, 16), int))
            return float(backend.start(job).run(batches).loss.std())

        assert 0.5 < deviation(16) / deviation(1) < 2

    def test_dropout_at_rate_zero_is_no_dropout(self, backend: Backend) -> None:
        job = self.job()
        bare = tuple(layer for layer in job.layers if not isinstance(layer, Dropout))
        assert len(bare) < len(job.layers)
        trainings = backend.start(job), backend.start(dataclasses.replace(job, layers=bare))
        one, other = (losses_of(training, job, FEW, 0.01) for training in trainings)
        assert_array_equal(one, other)
        assert_same(trainings[0].weights(), trainings[1].weights())


def _attention_job(job: Job, rate: float) -> Job:
    """Attention of one head and one unit over two steps, then a linear output."""
    inputs, targets = small_data("regression", (2, 1))
    attention = Attention("attention", 1, 1, causal=False, rate=rate)
    layers = (attention, GlobalAverage("average"), Dense("output", 1, 1))
    shapes = {"kernel": (1, 3), "bias": (3,), "output_kernel": (1, 1), "output_bias": (1,)}
    weights: Weights = {f"attention.{name}": np.zeros(shape) for name, shape in shapes.items()}
    weights["attention.kernel"] += [0.5, 0.8, 1.5]
    weights["attention.output_kernel"] += 1.2
    weights |= {"output.kernel": np.full((1, 1), 0.7), "output.bias": np.full(1, 0.1)}
    return dataclasses.replace(job, layers=layers, weights=weights, inputs=inputs, targets=targets)
