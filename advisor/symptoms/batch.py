"""The batch size against the number of updates and against batch statistics."""

from __future__ import annotations

import math

import numpy as np

from advisor.history import History
from advisor.symptoms.causes import NOT_LEARNED, SPOILED, TIMID, WILD
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.text import counted

USUAL = 16
"""The smallest batch of the usual sizes, all multiples of 16."""
LARGE = 64
"""A batch below which epochs, not its size, are what there is too little of."""
LONE = 4
"""Batches so small that a rate which is usual otherwise throws the weights about."""
EARLY = 3
"""Reports that tell how large steps were before they had done anything."""
STIRRING = 1e-4
"""A step that moves the weights by less than a tenth of the usual thousandth (Karpathy, CS231n)
does no harm, however noisy."""
ENOUGH_UPDATES, FEW_UPDATES = 300, 150
"""Updates a run: what growing a batch must leave, and what is too few to get anywhere. Well
below the 1000 that large data sets allow, because a small data set has no more in its epochs."""


def batch_too_small(history: History) -> Evidence | str:
    if not history.total_steps:
        return "the trial was not described"
    size, steps = history.recipe.train.batch_size, history.total_steps
    larger = steps * size // USUAL
    return Evidence(
        size < USUAL and larger >= (FEW_UPDATES if size <= LONE else ENOUGH_UPDATES),
        {"batch_size": size, "steps": steps},
        f"batches of {size} make {steps} noisy updates; batches of {USUAL} would make {larger}",
        "the recipe",
        None,
        (*NOT_LEARNED, *WILD, *TIMID, *SPOILED) if size <= LONE and _moves(history) else (),
    )


def _moves(history: History) -> bool:
    """Whether steps were large enough, when training began, for their noise to matter."""
    early = [
        float(np.median(ratios[:EARLY])) for ratios in history.update_ratios.values() if len(ratios)
    ]
    return not early or float(np.median(early)) >= STIRRING


def batch_too_large(history: History) -> Evidence | str:
    """Few updates and a training set that is not fitted: where it is fitted, they were enough."""
    best = history.best
    if not history.total_steps or not history.complete or best is None:
        return "needs a whole run"
    size, steps = history.recipe.train.batch_size, history.total_steps
    short = history.shortfall(best.train_metric)
    if short is not None and math.isnan(short):
        return "the training metric was not measured"
    many = size >= LARGE and steps * size // USUAL >= FEW_UPDATES
    return Evidence(
        steps < FEW_UPDATES and many and (short is None or short > 0.05),
        {"batch_size": size, "steps": steps},
        f"the whole run has {counted(steps, 'update')}, of {counted(size, 'example')} each",
    )


def batch_norm_small_batch(history: History) -> Evidence | str:
    recipe = history.recipe
    if recipe.model.kind == "own":
        return "what your own model normalises by is not known"
    if getattr(recipe.model, "normalization", "none") != "batch":
        return "the model has no batch normalisation"
    size = recipe.train.batch_size // recipe.train.accumulation
    severity: Severity = "block" if size < 2 else "optimisation" if size < 8 else "info"
    return Evidence(
        size < USUAL,
        {"batch_size": size},
        f"batch statistics are taken over {counted(size, 'example')}",
        "the recipe",
        severity,
    )


DETECTORS = (
    Detector(
        name="batch_norm_small_batch",
        severity="optimisation",
        order=6,
        about="batch normalisation over too few examples",
        threshold="batches below 8; 8 to 15 are only noted",
        source="Wu and He 2018",
        traps="",
        look=batch_norm_small_batch,
        needs=("recipe", "batch_size"),
    ),
    Detector(
        name="batch_too_small",
        severity="info",
        order=6,
        about="batches so small that updates are noisy and the machine idles",
        threshold="below 16, and 16 would leave 300 updates a run (4 and below: 150)",
        source="multiples of 16 and the largest batch that pays: the staged order; Google tuning "
        "playbook",
        traps="small batches can generalise better (Masters and Luschi 2018); only noted",
        look=batch_too_small,
        needs=("batch_size", "total_steps"),
    ),
    Detector(
        name="batch_too_large",
        severity="optimisation",
        order=6,
        about="too few updates in the epochs there are",
        threshold="fewer than 150 updates a run of batches of 64 or more, where 16 would make "
        "150, training "
        "more than 0.05 short of a perfect score",
        source="Google tuning playbook on steps; the number is the project's",
        traps="full-batch training over many epochs; tasks that are fitted at once",
        look=batch_too_large,
        needs=("batch_size", "total_steps", "train_metric"),
    ),
)
