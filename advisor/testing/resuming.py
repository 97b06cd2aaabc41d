"""Going on from a state; lower precision; several trainings as one program."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor.backend import Backend, Batches, Job, Precision
from advisor.testing.base import Contract, assert_same
from advisor.testing.families import OPTIMIZERS
from advisor.testing.jobs import float32, small_batches
from advisor.testing.predictions import ROUNDED
from advisor.testing.steps import FEW, losses_of

BATCH = {"model.normalization": "batch"}
ENDINGS: Mapping[str, Mapping[str, Any]] = {
    "rmsprop-momentum": {},
    "lion": {},
    "nadam": {**BATCH, "regularization.dropout": 0.3},
    "adamw-handover": BATCH,
}


def _late(job: Job, step: int) -> Batches:
    """The hand-over, where there is one, comes after a step, and with it the averages."""
    batches = small_batches(job, 1, 0.05, step)
    if not getattr(job.recipe.optimizer, "handover", None):
        return batches
    return dataclasses.replace(batches, handed_over=step > 0, average=np.full(1, step / 2))


class ResumingContract(Contract):
    @pytest.mark.parametrize("optimizer", ENDINGS)
    def test_a_state_goes_on_bit_for_bit(self, backend: Backend, optimizer: str) -> None:
        job = self.job({**OPTIMIZERS[optimizer], **ENDINGS[optimizer]})
        training = backend.start(job)
        training.run(_late(job, 0))
        for step in (1, 2, 3):
            state = training.state()
            assert all(isinstance(array, np.ndarray) for array in state.values())
            kept = {name: array.copy() for name, array in state.items()}
            report = training.run(_late(job, step))
            assert all((state[name] == array).all() for name, array in kept.items())
            fresh = backend.start(job)
            fresh.restore(kept)
            again = fresh.run(_late(job, step))
            assert_array_equal(again.loss, report.loss)
            assert_array_equal(again.grad_norm, report.grad_norm)
            assert again.layers == report.layers
            assert_same(fresh.weights(), training.weights())
            assert_array_equal(fresh.predict(job.inputs), training.predict(job.inputs))

    def test_a_state_can_be_gone_back_to(self, backend: Backend) -> None:
        job = self.job(OPTIMIZERS["lion"])
        training = backend.start(job)
        first, weights = training.state(), training.weights()
        losses = losses_of(training, job, 3, 0.05)
        training.restore(first)
        assert_same(training.weights(), weights)
        assert_array_equal(losses_of(training, job, 3, 0.05), losses)


class PrecisionContract(Contract):
    @pytest.mark.parametrize("precision", ["bfloat16", "float16"])
    def test_training_in_lower_precision(self, backend: Backend, precision: Precision) -> None:
        changes = {"optimizer.kind": "adam", **BATCH}
        exact, rounded = (self.job(changes, precision=one) for one in ("float32", precision))
        wanted = losses_of(backend.start(exact), exact, 30, 0.01)
        training = backend.start(rounded)
        found = losses_of(training, rounded, 30, 0.01)
        assert_allclose(found[0], wanted[0], rtol=ROUNDED[precision][1])
        assert abs(found[-6:].mean() - wanted[-6:].mean()) < 0.2 * (wanted[0] - wanted[-6:].mean())
        assert {array.dtype for array in training.weights().values()} == {np.dtype(np.float32)}

    def test_a_float16_overflow_skips_the_step(self, backend: Backend) -> None:
        """Inputs beyond float16's 65504 leave weights and statistics as they were."""
        changes = {"optimizer.kind": "adam", **BATCH}
        job = self.job(changes, precision="float16")
        training, batches = backend.start(job), small_batches(job, 1, 0.01)
        spoiled = job.inputs[batches.rows].copy()
        spoiled[0, 3] = 1e6
        training.run(dataclasses.replace(batches, inputs=spoiled))
        rounded = {name: float32(array) for name, array in job.weights.items()}
        assert_same(training.weights(), rounded)
        losses = losses_of(training, job, 60, 0.01)
        assert np.isfinite(losses).all()
        assert losses[-6:].mean() < 0.8 * losses[:6].mean()

    def test_float16_goes_on_bit_for_bit(self, backend: Backend) -> None:
        changes = {"optimizer.kind": "adam", **BATCH}
        job = self.job(changes, precision="float16")
        training, fresh = backend.start(job), backend.start(job)
        batches = small_batches(job, 1, 0.01)
        spoiled = np.full_like(job.inputs[batches.rows], 1e6)
        training.run(dataclasses.replace(batches, inputs=spoiled))
        fresh.restore(training.state())
        one, other = (losses_of(each, job, FEW, 0.01) for each in (training, fresh))
        assert_array_equal(one, other)
        assert_same(training.weights(), fresh.weights())


NUMBERS: tuple[dict[str, Any], ...] = (
    {},
    {"regularization.weight_decay": 0.2, "regularization.dropout": 0.5, "optimizer.beta1": 0.8},
    {"train.seed": 7, "optimizer.clip_norm": 0.1, "regularization.label_smoothing": 0.1},
)


class TogetherContract(Contract):
    def test_together_is_as_if_alone(self, backend: Backend) -> None:
        base = {**OPTIMIZERS["adamw"], "optimizer.eps": 1e-3, "model.hidden": (5, 5)}
        jobs = [self.family("mlp", {**base, **numbers}, "float32") for numbers in NUMBERS]
        runs = [
            [small_batches(job, 1, rate, start) for job, rate in zip(jobs, RATES_OF, strict=True)]
            for start in range(FEW)
        ]
        alone = [backend.start(job) for job in jobs]
        wanted = [[one.run(b) for one, b in zip(alone, run, strict=True)] for run in runs]
        both = backend.together(jobs)
        if both is None:
            return
        for run, reports in zip(runs, wanted, strict=True):
            for found, right in zip(both.run(run), reports, strict=True):
                assert_allclose(found.loss, right.loss, rtol=1e-5)
                assert_allclose(found.grad_norm, right.grad_norm, rtol=1e-4)
                assert found.layers.keys() == right.layers.keys()
        for member, one, job in zip(both.members, alone, jobs, strict=True):
            assert_allclose(member.predict(job.inputs), one.predict(job.inputs), atol=1e-4)
            assert_same(member.weights(), one.weights(), 1e-4)

    def test_models_of_different_shapes_are_not_trained_together(self, backend: Backend) -> None:
        jobs = [self.job(), self.job({"model.hidden": (4, 4)})]
        assert backend.together(jobs) is None


RATES_OF = (0.003, 0.01, 0.03)
