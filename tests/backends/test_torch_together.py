"""Several MLPs as one program give what each gives alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from advisor_torch import TorchBackend
from numpy.testing import assert_allclose

from advisor.backend import Batches, Job, Precision
from advisor.testing import NORMALIZATIONS, small_batches, small_job


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def members(changes: dict[str, Any], precision: Precision = "float64") -> list[Job]:
    """Jobs of one program that differ in every number that may differ."""
    task = changes.pop("task", "classification")
    jobs = []
    for number in range(3):
        rates = {"optimizer.lr": 0.01 * (number + 1), "regularization.l2": 0.01 * number}
        if task == "classification":
            rates["regularization.label_smoothing"] = 0.1 * number
        rates["optimizer.eps"] = 1e-3  # biases before a BatchNorm have no gradient but rounding
        rates |= {"regularization.dropout": 0.2 * number, "train.seed": number}
        if changes.get("model.residual"):
            rates["regularization.stochastic_depth"] = 0.3 * number
        jobs.append(small_job({**rates, **changes}, task, precision=precision))
    return jobs


def together_and_alone(jobs: list[Job], batches: list[Batches]) -> None:
    """Both ways agree, in what they report and in what they then know."""
    backend = TorchBackend(keep_memory=False)
    both, alone = backend.together(jobs), [backend.start(job) for job in jobs]
    assert both is not None
    for _ in range(2):
        reports = [one.run(own) for one, own in zip(alone, batches, strict=True)]
        for found, right in zip(both.run(batches), reports, strict=True):
            assert_allclose(found.loss, right.loss, rtol=1e-6)
            assert_allclose(found.grad_norm, right.grad_norm, rtol=1e-6)
            for name, layer in right.layers.items():
                assert found.layers[name].update_ratio == pytest.approx(layer.update_ratio)
    for member, one, job in zip(both.members, alone, jobs, strict=True):
        for name, array in one.weights().items():
            assert_allclose(member.weights()[name], array, rtol=1e-6, atol=1e-11, err_msg=name)
        assert_allclose(member.predict(job.inputs), one.predict(job.inputs), rtol=1e-6, atol=1e-9)
        assert member.state().keys() == one.state().keys()


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_together_every_part(normalization: str, task: str) -> None:
    changes = {"model.normalization": normalization, "model.hidden": (16, 16, 16), "task": task}
    jobs = members({**changes, "model.residual": True, "optimizer.clip_norm": 0.5})
    batches = [small_batches(job, 4, start=3 * number) for number, job in enumerate(jobs)]
    batches[1] = dataclasses.replace(batches[1], average=np.full(4, 0.5))
    batches[2] = dataclasses.replace(batches[2], scales={"dense1.kernel": 0.0, "dense2.bias": 0.5})
    together_and_alone(jobs, batches)


def test_together_with_weighted_classes() -> None:
    jobs = [dataclasses.replace(job, target_weights=np.array([1, 2, 0.5])) for job in members({})]
    together_and_alone(jobs, [small_batches(job, 4) for job in jobs])


def test_together_on_images() -> None:
    jobs = [small_job({"train.seed": seed}, shape=(4, 3, 2)) for seed in range(3)]
    together_and_alone(jobs, [small_batches(job, 4) for job in jobs])


def test_together_one_by_one_where_batches_differ() -> None:
    jobs = members({})
    batches = [small_batches(job, 4) for job in jobs]
    batches[0] = Batches(batches[0].rows[:, :8], batches[0].lr)
    together_and_alone(jobs, batches)
    rows = batches[1].rows
    mixed = dataclasses.replace(batches[1], partners=rows[::-1], shares=np.full(rows.shape, 0.3))
    together_and_alone(jobs, [mixed] * 3)


def test_what_is_not_trained_together() -> None:
    backend, jobs = TorchBackend(keep_memory=False), members({})
    own = jobs[0].recipe.changed({"model.kind": "own", "model.torch": "nets.py:Net"})
    different = [
        jobs[:1],
        members({"model.kind": "cnn"}),
        members({"train.accumulation": 2}),
        members({}, "bfloat16"),
        [dataclasses.replace(jobs[0], recipe=own, layers=(), weights={})] * 3,
        [*jobs[:2], *members({"model.hidden": (9,)})[2:]],
        [*jobs[:2], *members({"loss.kind": "focal", "regularization.label_smoothing": 0.0})[2:]],
        [*jobs[:2], dataclasses.replace(jobs[2], target_weights=np.ones(3))],
        members({"model.hidden": (400, 400)}),
    ]
    assert [backend.together(each) for each in different] == [None] * len(different)
