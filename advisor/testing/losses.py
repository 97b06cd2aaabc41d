"""Losses and gradients."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from advisor import reference
from advisor.architecture import Floats
from advisor.backend import Backend, Batches, Job
from advisor.testing.base import Contract, assert_same, assert_slopes
from advisor.testing.families import FAMILIES, LOSS_CASES
from advisor.testing.jobs import CLOSE, scattered, small_batches

MIXED = (
    "cross_entropy-smoothed-weighted",
    "focal",
    "binary-weighted",
    "multilabel-focal-weighted",
    "mse",
)


def _outputs(job: Job) -> Floats:
    return reference.forward(job.layers, job.weights, job.inputs, training=True)["output"]


class LossesContract(Contract):
    def case(self, name: str) -> Job:
        case = LOSS_CASES[name]
        job = self.job(case.changes, case.task, target_weights=case.weights)
        return dataclasses.replace(job, weights=scattered(job.weights))

    @pytest.mark.parametrize("name", LOSS_CASES)
    def test_losses_are_the_references(self, backend: Backend, name: str) -> None:
        job = self.case(name)
        expected = reference.loss(job.recipe, _outputs(job), job.targets, job.target_weights)
        found, gradients = backend.start(job).gradients(job.inputs, job.targets)
        assert_allclose(found, expected, rtol=CLOSE)
        assert_slopes(job, gradients)

    @pytest.mark.parametrize("name", MIXED)
    def test_two_targets_share_the_loss(self, backend: Backend, name: str) -> None:
        """A step of plain SGD at rate 1 shows the gradient."""
        job = self.case(name)
        job = dataclasses.replace(job, recipe=job.recipe.changed({"optimizer.kind": "sgd"}))
        n = len(job.targets)
        partners, shares = np.arange(n)[::-1].copy(), np.arange(n) / n

        def score(outputs: Floats) -> float:
            second = job.targets[partners]
            factors = job.target_weights
            return reference.loss(job.recipe, outputs, job.targets, factors, second, shares)

        training, rows = backend.start(job), np.arange(n)[None]
        batches = Batches(rows, np.ones(1), partners=partners[None], shares=shares[None])
        report, after = training.run(batches), training.weights()
        assert_allclose(report.loss, [score(_outputs(job))], rtol=CLOSE)
        assert_slopes(job, {name: job.weights[name] - after[name] for name in after}, score)

    @pytest.mark.parametrize("name", FAMILIES)
    def test_gradients_are_differences(self, backend: Backend, name: str) -> None:
        job = self.family(name, {"train.accumulation": 2})
        training = backend.start(job)
        loss, gradients = training.gradients(job.inputs, job.targets)
        assert_same(training.weights(), job.weights)
        assert_allclose(loss, reference.loss(job.recipe, _outputs(job), job.targets), rtol=CLOSE)
        assert_slopes(job, gradients)

    def test_gradients_know_no_dropout(self, backend: Backend) -> None:
        plain = self.family("transformer")
        dropped = self.family("transformer", DROPS)
        one, other = (backend.start(job) for job in (plain, dropped))
        found = [training.gradients(plain.inputs, plain.targets) for training in (one, other)]
        assert_allclose(found[0][0], found[1][0], rtol=CLOSE)
        assert_same(found[0][1], found[1][1], CLOSE)

    def test_relu_is_flat_at_zero(self, backend: Backend) -> None:
        job = self.job()
        weights = scattered(job.weights)
        weights |= {name: 0 * weights[name] for name in ("dense1.kernel", "dense1.bias")}
        training = backend.start(dataclasses.replace(job, weights=weights))
        _, gradients = training.gradients(job.inputs, job.targets)
        assert not gradients["dense1.bias"].any()
        assert gradients["output.bias"].all()
        report = training.run(small_batches(job, 1, lr=0.0))
        assert np.isfinite(report.loss).all()


DROPS = {
    "regularization.dropout": 0.3,
    "regularization.feature_dropout": 0.3,
    "regularization.embedding_dropout": 0.3,
    "regularization.attention_dropout": 0.3,
    "regularization.stochastic_depth": 0.3,
}
"""Everything that drops in a transformer."""
