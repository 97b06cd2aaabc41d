"""Sixteen networks that differ in the learning rate: one after the other, or together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor import data, training
from advisor.architecture import parameter_count
from advisor.backend import Backend, Batches, Job, load_backend
from advisor.schedule import learning_rates
from peers import cases
from peers.protocol import Fit, NotOfferedError, Variants, Work

MEMBERS = 16


def variants(argument: str) -> Variants:
    """`argument` is the backend, the first member and the end of them, such as `torch:0:8`."""
    name, first, end = argument.split(":")
    backend, members = load_backend(name), range(int(first), int(end))
    return {
        "apart": lambda work: _apart(work, backend, members),
        "together": lambda work: _together(work, backend, members),
    }


def _jobs(work: Work, members: Sequence[int], epochs: int) -> list[Job]:
    start = work.case.recipe(work.folder, epochs=epochs)
    rates = [cases.LR * 1.2 ** (member - MEMBERS // 2) for member in members]
    return [training.prepare(start.changed({"optimizer.lr": rate}), work.dataset) for rate in rates]


def _batches(work: Work, job: Job, epoch: int) -> Batches:
    first, total = epoch * work.steps, job.recipe.train.epochs * work.steps
    rows = data.epoch_rows(len(job.targets), work.case.batch, job.recipe.train.seed, epoch)
    return Batches(rows, learning_rates(job.recipe, first, first + work.steps, total), step=first)


def _apart(work: Work, backend: Backend, members: Sequence[int]) -> Fit:
    def fit(epochs: int) -> int:
        jobs = _jobs(work, members, epochs)
        for job in jobs:
            model = backend.start(job)
            for epoch in range(epochs):
                model.run(_batches(work, job, epoch))
        return parameter_count(jobs[0].weights)

    return fit


def _together(work: Work, backend: Backend, members: Sequence[int]) -> Fit:
    offered: Any = getattr(backend, "together", None)

    def fit(epochs: int) -> int:
        jobs = _jobs(work, members, epochs)
        models = offered(jobs) if offered else None
        if models is None:
            raise NotOfferedError(f"backend {backend.name} does not train these together")
        for epoch in range(epochs):
            models.run([_batches(work, job, epoch) for job in jobs])
        return parameter_count(jobs[0].weights)

    return fit
