"""Several trainings as one program in the JAX backend."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("optax")
pytest.importorskip("jax")

from advisor_jax import JaxBackend

from advisor.backend import Job
from advisor.testing import small_batches, small_job


def _members(changes: dict[str, Any]) -> list[Job]:
    first = small_job({"regularization.dropout": 0.3, **changes}, precision="float32")
    rates = (
        {"optimizer.lr": 0.01, "train.seed": 0},
        {"optimizer.lr": 0.02, "regularization.dropout": 0.5, "train.seed": 7},
    )
    return [dataclasses.replace(first, recipe=first.recipe.changed(its)) for its in rates]


@pytest.mark.parametrize("shared", [True, False])
def test_members_are_as_if_alone(shared: bool) -> None:
    jobs = _members({"model.normalization": "batch", "optimizer.kind": "sgd"})
    if not shared:
        jobs[1] = dataclasses.replace(jobs[1], inputs=-jobs[1].inputs)
    together = JaxBackend().together(jobs)
    assert together is not None
    alone = [JaxBackend().start(job) for job in jobs]
    for start in (0, 4):
        batches = [small_batches(job, 4, start=start) for job in jobs]
        found = together.run(batches)
        expected = [one.run(its) for one, its in zip(alone, batches, strict=True)]
        for report, other in zip(found, expected, strict=True):
            assert_allclose(report.loss, other.loss, rtol=1e-4)
    for member, one in zip(together.members, alone, strict=True):
        assert_allclose(member.predict(jobs[0].inputs), one.predict(jobs[0].inputs), atol=1e-4)


def test_members_may_differ_in_the_form_of_their_steps() -> None:
    """One hands over before the other, is averaged, and is loaded: the other notices nothing."""
    jobs = _members({"optimizer.handover": {}})
    together = JaxBackend().together(jobs)
    assert together is not None
    alone = [JaxBackend().start(job) for job in jobs]
    weights = alone[1].weights()
    for start, handed_over in ((0, (False, False)), (2, (True, False)), (4, (True, True))):
        batches = [
            dataclasses.replace(small_batches(job, 2, start=start), handed_over=hands)
            for job, hands in zip(jobs, handed_over, strict=True)
        ]
        batches[0] = dataclasses.replace(batches[0], average=np.array([0.0, 1.0]))
        together.run(batches)
        for one, its in zip(alone, batches, strict=True):
            one.run(its)
    for member, one in zip(together.members, alone, strict=True):
        for name, array in member.weights().items():
            assert_allclose(array, one.weights()[name], atol=1e-5)
    before = together.members[0].weights()
    together.members[1].load(weights)
    assert_array_equal(together.members[1].weights()["output.kernel"], weights["output.kernel"])
    assert_array_equal(together.members[0].weights()["output.kernel"], before["output.kernel"])


def test_what_is_not_joined() -> None:
    backend, jobs = JaxBackend(), _members({})
    assert backend.together(jobs[:1]) is None
    assert backend.together(_members({"model.kind": "cnn"})) is None
    assert backend.together([jobs[0], small_job({"optimizer.kind": "sgd"})]) is None
    assert backend.together([jobs[0], small_job({"model.hidden": (9,)})]) is None
