"""Several trainings in lock-step, in one worker, as one program where the backend offers that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from advisor import data
from advisor.backend import Backend, Batches, Job, StepReport, Together
from advisor.recipe import Recipe
from advisor.training import Emit, Options, Outcome, prepare, train, training_steps
from advisor.training.loop import Steps

MOST_TOGETHER = 64
"""Members of one program; more gain nothing and need more memory."""


def train_members(
    recipes: Sequence[Recipe],
    dataset: data.Dataset,
    backend: Backend,
    emits: Sequence[Emit],
    options: Options,
) -> list[Outcome]:
    """Train recipes on the same data. Results are those of separate trainings, up to rounding."""
    outcomes: list[Outcome] = []
    for start in range(0, len(recipes), MOST_TOGETHER):
        part = slice(start, start + MOST_TOGETHER)
        outcomes += _train_part(recipes[part], dataset, backend, emits[part], options)
    return outcomes


def _train_part(
    recipes: Sequence[Recipe],
    dataset: data.Dataset,
    backend: Backend,
    emits: Sequence[Emit],
    options: Options,
) -> list[Outcome]:
    jobs = [
        prepare(recipe, dataset, options.device, deterministic=options.deterministic)
        for recipe in recipes
    ]
    together = backend.together(jobs) if len(jobs) > 1 and _in_step(recipes) else None
    if together is None:
        pairs = zip(recipes, emits, strict=True)
        return [train(recipe, dataset, backend, emit, options) for recipe, emit in pairs]
    return _LockStep(jobs, dataset, together, backend.name, emits, options).outcomes()


def _in_step(recipes: Sequence[Recipe]) -> bool:
    """Whether all trainings are cut into the same chunks."""
    shapes = {
        (
            recipe.train.batch_size,
            recipe.train.epochs,
            recipe.train.accumulation,
            recipe.regularization.augmentation.changes_inputs,
            getattr(getattr(recipe.optimizer, "handover", None), "at", None),
        )
        for recipe in recipes
    }
    return len(shapes) == 1


class _LockStep:
    """Drives the loops of all members; one that has ended takes steps of no length."""

    def __init__(
        self,
        jobs: Sequence[Job],
        dataset: data.Dataset,
        together: Together,
        backend_name: str,
        emits: Sequence[Emit],
        options: Options,
    ) -> None:
        self.together = together
        self.loops: list[Steps] = [
            training_steps(job, dataset, member, backend_name, emit, options)
            for job, member, emit in zip(jobs, together.members, emits, strict=True)
        ]
        self.ended: dict[int, Outcome] = {}

    def outcomes(self) -> list[Outcome]:
        wanted = [self._next(member, None) for member in range(len(self.loops))]
        while len(self.ended) < len(self.loops):
            example = next(each for each in wanted if each is not None)
            batches = [each if each is not None else _idle(example) for each in wanted]
            reports = self.together.run(batches)
            wanted = [
                None if member in self.ended else self._next(member, report)
                for member, report in enumerate(reports)
            ]
        return [self.ended[member] for member in range(len(self.loops))]

    def _next(self, member: int, report: StepReport | None) -> Batches | None:
        try:
            return self.loops[member].send(report)  # type: ignore[arg-type]
        except StopIteration as end:
            self.ended[member] = end.value
            return None


def _idle(batches: Batches) -> Batches:
    return replace(batches, lr=np.zeros_like(batches.lr))
