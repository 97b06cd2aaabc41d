"""What all parts of the contract have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from advisor import reference
from advisor.architecture import Floats, Weights, is_trainable
from advisor.backend import Backend, Job, Precision
from advisor.recipe import Task
from advisor.testing.jobs import family_job, small_job

Score = Callable[[Floats], float]


class Contract:
    """`device` names where the tests run."""

    device = "cpu"

    @pytest.fixture
    def backend(self) -> Backend:
        raise NotImplementedError("provide a fixture called backend")

    def job(
        self,
        changes: Mapping[str, Any] | None = None,
        task: Task = "classification",
        precision: Precision = "float64",
        target_weights: tuple[float, ...] | None = None,
    ) -> Job:
        return small_job(
            changes,
            task,
            precision=precision,
            device=self.device,
            target_weights=target_weights,
        )

    def family(
        self,
        name: str,
        changes: Mapping[str, Any] | None = None,
        precision: Precision = "float64",
    ) -> Job:
        return family_job(name, changes, precision, self.device)


def assert_same(one: Weights, other: Weights, tolerance: float = 0.0) -> None:
    """The same arrays, up to this relative and absolute difference."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert_allclose(array, other[name], rtol=tolerance, atol=tolerance, err_msg=name)


def assert_slopes(job: Job, gradients: Weights, score: Score | None = None) -> None:
    """The gradients are finite differences along one random direction in each parameter.

    Of the reference's loss on all examples of the job, or of `score` of their outputs, plus the
    penalties.
    """
    score = score or (lambda outputs: _loss(job, outputs))
    assert gradients.keys() == {name for name in job.weights if is_trainable(name)}
    random, h = np.random.Generator(np.random.Philox(3)), 1e-6
    for name, gradient in gradients.items():
        assert gradient.shape == job.weights[name].shape
        direction, values = random.standard_normal(gradient.shape), []
        for side in (h, -h):
            moved = {**job.weights, name: job.weights[name] + side * direction}
            outputs = reference.forward(job.layers, moved, job.inputs, training=True)["output"]
            penalty = reference.penalty(job.recipe, {name: moved[name]})
            values.append(score(outputs) + penalty)
        slope = (values[0] - values[1]) / (2 * h)
        found = np.sum(gradient * direction)
        assert_allclose(found, slope, rtol=1e-6, atol=1e-8, err_msg=name)


def _loss(job: Job, outputs: Floats) -> float:
    return reference.loss(job.recipe, outputs, job.targets, job.target_weights)
