"""When a trial is given up: Optuna's pruners, shown each evaluation as it comes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, get_args

from advisor.control.trial import ControlTrial
from advisor.recipe import Recipe
from advisor.search.space import WARMUPS
from advisor.search.tpe import quiet

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner

PrunerKind = Literal["none", "median", "hyperband"]
PRUNERS: tuple[PrunerKind, ...] = get_args(PrunerKind)
"""median: worse than the median of finished trials at the same epoch, from the sixth trial on;
hyperband: brackets of successive halving, of which a third goes on."""

LEAST_SHARE = 0.1
"""No trial is given up before this share of its epochs, nor while the rate may still rise."""
ETA = 3


class Pruner:
    """Judges the trials of one search, one after the other. Larger values are better."""

    def __init__(self, kind: PrunerKind, start: Recipe) -> None:
        import optuna

        with quiet():
            self._study = optuna.create_study(
                study_name="control",  # hyperband deals trials out by it: it must not be random
                direction="maximize",
                sampler=optuna.samplers.RandomSampler(seed=0),
                pruner=_made(kind, start),
            )
        self._trial: Trial | None = None

    def begin(self) -> None:
        with quiet():
            self._trial = self._study.ask()

    def report(self, epoch: float, value: float) -> bool:
        """Whether a trial that has this value at this epoch is to be given up."""
        assert self._trial is not None
        with quiet():
            self._trial.report(value, round(epoch))
            return self._trial.should_prune()

    def end(self, trial: ControlTrial, value: float | None) -> None:
        """`value`: the trial's best. Only trials that ran to their end are what others are
        measured against."""
        from optuna.trial import TrialState

        assert self._trial is not None
        with quiet():
            if value is None or trial.infeasible:
                self._study.tell(self._trial, state=TrialState.FAIL)
            elif trial.status in ("pruned", "cut"):
                self._study.tell(self._trial, state=TrialState.PRUNED)
            else:
                self._study.tell(self._trial, value)

    def replay(self, trial: ControlTrial, curve: Iterable[tuple[float, float]]) -> None:
        """A trial of before; `curve` is its own, turned so that larger is better."""
        values = []
        self.begin()
        for epoch, value in curve:
            self.report(epoch, value)
            values.append(value)
        self.end(trial, max(values, default=None))


def _made(kind: PrunerKind, start: Recipe) -> BasePruner:
    import optuna

    epochs = start.train.epochs
    longest_warmup = max(*WARMUPS, getattr(start.schedule, "warmup", 0.0))
    least = max(1, math.ceil(max(LEAST_SHARE, longest_warmup) * epochs))
    match kind:
        case "median":
            return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=least)
        case "hyperband":
            return optuna.pruners.HyperbandPruner(
                min_resource=least, max_resource=epochs, reduction_factor=ETA
            )
        case "none":
            return optuna.pruners.NopPruner()
