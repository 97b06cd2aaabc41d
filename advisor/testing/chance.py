"""What drops at random, and that everything repeats."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from advisor import reference
from advisor.architecture import Dropout, Floats
from advisor.backend import Backend, Batches
from advisor.testing.base import Contract, assert_same
from advisor.testing.dropping import dropping_job, variance_of
from advisor.testing.jobs import small_batches
from advisor.testing.losses import DROPS, SGD, every_row
from advisor.testing.steps import FEW, losses_of

MANY = 600


class ChanceContract(Contract):
    @pytest.mark.parametrize("kind", ["dropout", "attention", "residual"])
    def test_masks_follow_seed_and_step(self, backend: Backend, kind: str) -> None:
        """At rate 0 of learning, losses of the same rows differ by their masks alone."""

        def losses(seed: int, start: int) -> Floats:
            job = dropping_job(self.job({**SGD, "train.seed": seed}, "regression"), kind)
            training, batches = backend.start(job), every_row(job, 0.0)
            steps = (dataclasses.replace(batches, step=step) for step in range(start, FEW))
            return np.concatenate([training.run(each).loss for each in steps])

        by_seed = [losses(seed, 0) for seed in (0, 1, 2**31, 2**32 - 1)]
        assert len(np.unique(np.concatenate(by_seed))) == FEW * len(by_seed)
        assert_array_equal(losses(0, 0), by_seed[0])
        assert_array_equal(losses(0, 2), by_seed[0][2:])

    @pytest.mark.parametrize("kind", ["dropout", "attention", "residual"])
    def test_dropping_keeps_the_mean_and_the_share(self, backend: Backend, kind: str) -> None:
        job = dropping_job(self.job(SGD, "regression"), kind)
        training, batches = backend.start(job), every_row(job, 0.0)
        steps = (dataclasses.replace(batches, step=step) for step in range(MANY))
        found = np.concatenate([training.run(each).loss for each in steps])
        outputs = reference.forward(job.layers, job.weights, job.inputs)["output"][:, 0]
        variance, error = np.mean(variance_of(job, kind)), found.std() / math.sqrt(MANY)
        expected = np.mean((outputs - job.targets) ** 2) + variance
        assert abs(found.mean() - expected) < 5 * error
        assert 0 < 5 * error < 0.25 * variance

    def test_every_portion_has_its_own_masks(self, backend: Backend) -> None:
        """The same example 16 times: with one mask for all portions, the loss would vary more."""

        def deviation(portions: int) -> float:
            job = self.job({**SGD, "train.accumulation": portions}, "regression")
            job = dropping_job(job, "dropout")
            batches = Batches(np.zeros((1, 16), int), np.zeros(1))
            training = backend.start(job)
            steps = (dataclasses.replace(batches, step=step) for step in range(100))
            return float(np.std([training.run(each).loss for each in steps]))

        assert 0.5 < deviation(16) / deviation(1) < 2

    @pytest.mark.parametrize(
        ("name", "deterministic"), [("cnn", False), ("cnn", True), ("transformer", False)]
    )
    def test_a_run_repeats_bit_for_bit(
        self, backend: Backend, name: str, deterministic: bool
    ) -> None:
        fields = DROPS if name == "transformer" else {"regularization.feature_dropout": 0.3}
        job = self.job({"model.kind": name, **SGD, **fields}, precision="float32")
        job = dataclasses.replace(job, deterministic=deterministic)
        one, other = (backend.start(job) for _ in range(2))
        for step in range(FEW):
            batches = small_batches(job, 1, 0.01, step)
            first, second = one.run(batches), other.run(batches)
            assert_array_equal(first.loss, second.loss)
            assert_array_equal(first.grad_norm, second.grad_norm)
        assert_same(one.weights(), other.weights())

    def test_trainings_do_not_disturb_each_other(self, backend: Backend) -> None:
        job = self.job({"regularization.dropout": 0.5})
        alone = losses_of(backend.start(job), job, FEW, 0.01)
        one, two = backend.start(job), backend.start(job)
        for step in range(FEW):
            batches = small_batches(job, 1, 0.01, step)
            assert_array_equal(one.run(batches).loss, alone[step : step + 1])
            two.run(batches)

    def test_dropout_at_rate_zero_is_no_dropout(self, backend: Backend) -> None:
        job = self.job()
        bare = tuple(layer for layer in job.layers if not isinstance(layer, Dropout))
        assert len(bare) < len(job.layers)
        trainings = backend.start(job), backend.start(dataclasses.replace(job, layers=bare))
        one, other = (losses_of(training, job, FEW, 0.01) for training in trainings)
        assert_array_equal(one, other)
        assert_same(trainings[0].weights(), trainings[1].weights())
