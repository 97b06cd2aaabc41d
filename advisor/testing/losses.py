"""Losses and gradients, as one step of plain SGD at rate 1 shows them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from advisor import reference
from advisor.architecture import Floats, Weights, is_trainable
from advisor.backend import Backend, Batches, Job, StepReport
from advisor.testing.base import Contract, assert_same, assert_slopes
from advisor.testing.expected import layer_reports
from advisor.testing.families import LOSS_CASES, STEPPED
from advisor.testing.jobs import CLOSE, scattered

SGD = {"optimizer.kind": "sgd"}
MIXED = ("cross_entropy-smoothed-weighted", "multilabel-focal-weighted", "mse")
DROPS = {
    "regularization.dropout": 0.3,
    "regularization.feature_dropout": 0.3,
    "regularization.embedding_dropout": 0.3,
    "regularization.attention_dropout": 0.3,
    "regularization.stochastic_depth": 0.3,
}
"""Everything that drops in a transformer."""


def every_row(job: Job, lr: float = 1.0) -> Batches:
    """One step over all examples."""
    return Batches(np.arange(len(job.targets))[None], np.full(1, lr))


def one_step(backend: Backend, job: Job, batches: Batches) -> tuple[StepReport, Weights, Weights]:
    """The report, the gradients that the step followed, and the weights after it."""
    training = backend.start(job)
    report, after = training.run(batches), training.weights()
    return report, {n: job.weights[n] - after[n] for n in after if is_trainable(n)}, after


def assert_learns(backend: Backend, job: Job, lr: float, steps: int = 60) -> None:
    training = backend.start(job)
    found = [training.run(every_row(job, lr)).loss[0] for _ in range(steps)]
    assert found[-1] < 0.97 * found[0]


class LossesContract(Contract):
    def case(self, name: str) -> Job:
        case = LOSS_CASES[name]
        job = self.job({**case.changes, **SGD}, case.task, target_weights=case.weights)
        return dataclasses.replace(job, weights=scattered(job.weights))

    @pytest.mark.parametrize("name", LOSS_CASES)
    def test_losses_are_the_references(self, backend: Backend, name: str) -> None:
        job = self.case(name)
        report, gradients, _ = one_step(backend, job, every_row(job))
        expected = reference.loss(job.recipe, _outputs(job), job.targets, job.target_weights)
        assert_allclose(report.loss, [expected], rtol=CLOSE)
        assert_slopes(job, gradients)
        assert_learns(backend, job, 0.1)

    @pytest.mark.parametrize("name", MIXED)
    def test_two_targets_share_the_loss(self, backend: Backend, name: str) -> None:
        job = self.case(name)
        n = len(job.targets)
        partners, shares = np.arange(n)[::-1].copy(), np.arange(n) / n

        def score(outputs: Floats) -> float:
            second, factors = job.targets[partners], job.target_weights
            return reference.loss(job.recipe, outputs, job.targets, factors, second, shares)

        batches = dataclasses.replace(every_row(job), partners=partners[None], shares=shares[None])
        report, gradients, _ = one_step(backend, job, batches)
        assert_allclose(report.loss, [score(_outputs(job))], rtol=CLOSE)
        assert_slopes(job, gradients, score)

    @pytest.mark.parametrize("name", STEPPED)
    def test_a_step_of_every_family_is_the_references(self, backend: Backend, name: str) -> None:
        job = self.family(name, SGD)
        report, gradients, after = one_step(backend, job, every_row(job))
        expected = reference.loss(job.recipe, _outputs(job), job.targets)
        assert_allclose(report.loss, [expected], rtol=CLOSE)
        assert_slopes(job, gradients)
        assert_allclose(report.grad_norm, [reference.global_norm(gradients)], rtol=CLOSE)
        statistics = reference.running_statistics(job.layers, job.weights, job.inputs)
        assert_same({one: after[one] for one in after if one not in gradients}, statistics, CLOSE)
        reports = layer_reports(job.weights, after, gradients)
        assert report.layers.keys() == reports.keys()
        for layer, right in reports.items():
            found, wanted = (dataclasses.astuple(one) for one in (report.layers[layer], right))
            assert_allclose(found, wanted, rtol=1e-7, err_msg=layer)

    @pytest.mark.parametrize("name", STEPPED)
    def test_every_family_learns(self, backend: Backend, name: str) -> None:
        penalties = {"regularization.l1": 1e-4, "regularization.l2": 1e-4}
        assert_learns(backend, self.family(name, {**SGD, **penalties}), 0.1)

    def test_gradients_are_the_steps_and_know_no_dropout(self, backend: Backend) -> None:
        job = self.family("transformer", SGD)
        report, expected, _ = one_step(backend, job, every_row(job))
        dropping = backend.start(self.family("transformer", {**SGD, **DROPS}))
        loss, gradients = dropping.gradients(job.inputs, job.targets)
        assert_allclose(loss, report.loss[0], rtol=CLOSE)
        assert_same(gradients, expected, CLOSE)
        assert_same(dropping.weights(), job.weights)

    def test_relu_is_flat_at_zero(self, backend: Backend) -> None:
        job = self.job(SGD)
        weights = scattered(job.weights)
        weights |= {name: 0 * weights[name] for name in ("dense1.kernel", "dense1.bias")}
        job = dataclasses.replace(job, weights=weights)
        _, gradients, _ = one_step(backend, job, every_row(job))
        assert not gradients["dense1.bias"].any()
        assert gradients["output.bias"].all()


def _outputs(job: Job) -> Floats:
    return reference.forward(job.layers, job.weights, job.inputs, training=True)["output"]
