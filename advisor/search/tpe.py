"""Suggestions of Optuna's tree-structured Parzen estimator, as a function of what is known.

A study in memory is made for each question, from all trials so far. Infeasible trials enter it
with a constraint that they break: so they repel, which trials that Optuna calls failed do not, and
no loss has to be made up for them. Nothing of Optuna's is stored or printed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from advisor.recipe import Recipe
from advisor.search.dimension import Dimension
from advisor.search.repair import Change
from advisor.search.told import Told

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

STARTUP = 10
"""Trials before the estimator says anything; until then it draws at random (Optuna's default)."""


def suggest(dims: Sequence[Dimension], start: Recipe, told: Sequence[Told], seed: int) -> Change:
    """Values by path for the dimensions that apply; the same for the same arguments."""
    import optuna

    with quiet():
        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, seed=seed, group=True)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for one in told:
            trial = _frozen(dims, one)
            if trial is not None:
                study.add_trial(trial)
        return _suggested(study.ask(), dims, start)


def _suggested(trial: Trial, dims: Sequence[Dimension], start: Recipe) -> Change:
    fields, values = start.flat(), Change()
    for dim in dims:
        if dim.applies(fields | values):
            values[dim.path] = dim.value(_coordinate(trial, dim))
    return values


def _coordinate(trial: Trial, dim: Dimension) -> float:
    if dim.choices and dim.ordered:
        return trial.suggest_int(dim.name, 0, len(dim.choices) - 1)
    if dim.choices:
        return trial.suggest_categorical(dim.name, list(range(len(dim.choices))))
    if dim.integer:
        return trial.suggest_int(dim.name, int(dim.low), int(dim.high), log=dim.log)
    return trial.suggest_float(dim.name, dim.low, dim.high, log=dim.log)


def _frozen(dims: Sequence[Dimension], told: Told) -> FrozenTrial | None:
    """The trial as Optuna has it; None where the space has no place for it.

    A value outside its range stands at the nearest end, unless the trial was infeasible: what
    lies beyond an end says nothing of the end itself.
    """
    from optuna.trial import TrialState, create_trial

    fields = told.recipe.flat()
    applying = [dim for dim in dims if dim.path in fields and dim.applies(fields)]
    params = {dim.name: dim.coordinate(fields[dim.path]) for dim in applying}
    inside = all(dim.holds(fields[dim.path]) for dim in applying)
    if None in params.values() or (told.value is None and not inside):
        return None
    made: dict[str, Any] = {"state": TrialState.COMPLETE, "value": told.value}
    if told.value is None:
        made = {"state": TrialState.PRUNED, "constraints": {"trains": 1.0}}
    elif told.pruned_after is not None:
        reached = {round(told.pruned_after): told.value}
        made = {"state": TrialState.PRUNED, "intermediate_values": reached}
    return create_trial(
        params=params, distributions={dim.name: _distribution(dim) for dim in applying}, **made
    )


def _distribution(dim: Dimension) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if dim.choices and dim.ordered:
        return IntDistribution(0, len(dim.choices) - 1)
    if dim.choices:
        return CategoricalDistribution(range(len(dim.choices)))
    if dim.integer:
        return IntDistribution(int(dim.low), int(dim.high), log=dim.log)
    return FloatDistribution(dim.low, dim.high, log=dim.log)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna's log and its warnings about what is new are not for our users."""
    logger = logging.getLogger("optuna")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
