"""This project: the whole training loop with every diagnostic on, and bare optimiser steps."""

from __future__ import annotations

from advisor import data, training
from advisor.architecture import parameter_count
from advisor.backend import Backend, Batches, load_backend
from advisor.events import Event, TrialStarted
from advisor.schedule import learning_rates
from peers.protocol import Fit, Variants, Work


def variants(backend_name: str) -> Variants:
    backend = load_backend(backend_name)
    return {"ours": lambda work: _loop(work, backend), "steps": lambda work: _steps(work, backend)}


def _loop(work: Work, backend: Backend) -> Fit:
    """What a user gets: `advisor.training.train`."""

    def fit(epochs: int) -> int:
        events: list[Event] = []
        recipe = work.case.recipe(work.folder, epochs=epochs)
        outcome = training.train(recipe, work.dataset, backend, events.append)
        if outcome.finished.status != "finished":
            raise RuntimeError(f"the training has {outcome.finished.status}")
        return next(one.parameters for one in events if isinstance(one, TrialStarted))

    return fit


def _steps(work: Work, backend: Backend) -> Fit:
    """Only `Training.run`, an epoch at a time, without any evaluation."""

    def fit(epochs: int) -> int:
        recipe = work.case.recipe(work.folder, epochs=epochs)
        job = training.prepare(recipe, work.dataset)
        model, n = backend.start(job), len(work.dataset.train.targets)
        for epoch in range(epochs):
            first = epoch * work.steps
            rows = data.epoch_rows(n, work.case.batch, 0, epoch)
            lr = learning_rates(recipe, first, first + work.steps, epochs * work.steps)
            model.run(Batches(rows, lr, step=first))
        return parameter_count(job.weights)

    return fit
