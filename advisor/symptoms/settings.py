"""Values in the recipe that are outside of what anybody uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.history import History
from advisor.recipe import Recipe
from advisor.recipe.models import feature_map_side
from advisor.schedule import learning_rates
from advisor.symptoms.budget import SHORT_PATIENCE
from advisor.symptoms.causes import LAGGING, NOT_LEARNED, SPOILED, TIMID, WILD
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.text import counted

USUAL_RATES = {
    "sgd": (1e-3, 1.0),
    "rmsprop": (1e-5, 1e-2),
    "adagrad": (1e-3, 1.0),
    "adam": (1e-5, 1e-2),
    "adamw": (1e-5, 1e-2),
    "nadam": (1e-5, 1e-2),
    "lion": (1e-6, 1e-3),
}
"""Learning rates of small and medium work, by optimiser."""
FAR_OUT = 100.0
"""A rate beyond its range by this factor is wrong, not daring."""
USUAL_L2, MOST_L2 = 1e-3, 1e-2
"""Penalties that are searched end at the first; ten times as much is odd."""
FAST = (*NOT_LEARNED, *WILD, *SPOILED, "slow_learning", "update_ratio_low")
HELD = (*NOT_LEARNED, *TIMID, *SPOILED, "over_regularized", "train_below_validation")
SHRUNK = (*HELD, "regularization_overwhelms", "update_ratio_high")
STOPS = (*NOT_LEARNED, *TIMID, "stopped_too_early")
"""What each kind of odd value can lead to."""
MOST_NARROW, TOO_NARROW = 2, 8
"""Classes that any layer can tell apart, and units that are few however many classes there are."""
MOST_ROTATION = 45.0
"""Degrees, beyond which a picture lies on its side."""
SMALLEST_MAP = 2
"""Pixels along a side after the last convolution."""
STEPS = 1000
"""Of a run on which a schedule is looked at."""


@dataclass(frozen=True)
class Oddity:
    """One value, and what is usual in its place."""

    path: str
    value: float
    usual: str
    leads_to: tuple[str, ...]
    wrong: bool = False
    """beyond doubt"""


def suspicious_values(history: History) -> Evidence | str:
    found = [*_oddities(history.recipe), *_narrow(history), *_shrunk(history)]
    severity: Severity = "optimisation" if any(each.wrong for each in found) else "info"
    told = [f"{each.path} is {each.value:.3g} ({each.usual})" for each in found]
    return Evidence(
        bool(found),
        {each.path: each.value for each in found},
        "; ".join(told) or "every value of the recipe is usual",
        "the recipe",
        severity,
        tuple(dict.fromkeys(name for each in found for name in each.leads_to)),
        {each.path: each.leads_to for each in found},
    )


def _oddities(recipe: Recipe) -> Iterator[Oddity]:
    yield from _rates(recipe)
    yield from _constants(recipe)
    yield from _regularisers(recipe)
    early = recipe.train.early_stopping
    if early is not None and early.patience < SHORT_PATIENCE:
        usual = f"{SHORT_PATIENCE} evaluations or more"
        yield Oddity("train.early_stopping.patience", early.patience, usual, STOPS)
    if _half_over(recipe):
        usual = "the rate is below 1 % of its peak before half of the run"
        yield Oddity("schedule", 0.5, usual, (*NOT_LEARNED, *TIMID, "decay_too_early"))


def _rates(recipe: Recipe) -> Iterator[Oddity]:
    handover = getattr(recipe.optimizer, "handover", None)
    pairs = [("optimizer.lr", recipe.optimizer.kind, recipe.optimizer.lr)]
    pairs += [("optimizer.handover.lr", "sgd", handover.lr)] if handover else []
    for path, kind, rate in pairs:
        low, high = USUAL_RATES[kind]
        if not low <= rate <= high:
            wrong = not low / FAR_OUT <= rate <= high * FAR_OUT
            leads = FAST if rate > high else (*NOT_LEARNED, *TIMID)
            yield Oddity(path, rate, f"{low:g} to {high:g} with {kind}", leads, wrong)


def _constants(recipe: Recipe) -> Iterator[Oddity]:
    optimizer = recipe.optimizer
    momentum, eps = getattr(optimizer, "momentum", 0.0), getattr(optimizer, "eps", 1e-8)
    if optimizer.kind == "sgd" and momentum >= 0.99 and optimizer.lr > 0.01:
        reach = 1 / (1 - momentum)
        usual = f"0.9; each gradient counts {reach:.0f} times, at a rate of {optimizer.lr:g}"
        yield Oddity("optimizer.momentum", momentum, usual, FAST)
    if optimizer.kind in ("adam", "adamw", "nadam") and not 1e-12 <= eps <= 1e-3:
        wrong = eps >= 0.1  # gradients are smaller than that: nothing adapts any more
        leads = (*NOT_LEARNED, *TIMID) if eps > 1e-3 else FAST
        yield Oddity("optimizer.eps", eps, "1e-12 to 1e-3, mostly 1e-8", leads, wrong)


def _regularisers(recipe: Recipe) -> Iterator[Oddity]:
    parts = recipe.regularization
    for name in ("dropout", "feature_dropout", "embedding_dropout", "attention_dropout"):
        if getattr(parts, name) > 0.5:
            yield Oddity(f"regularization.{name}", getattr(parts, name), "0.1 to 0.5", HELD)
    if parts.label_smoothing > 0.2:
        path = "regularization.label_smoothing"
        yield Oddity(path, parts.label_smoothing, "0.1, at most 0.2", HELD)
    if parts.augmentation.rotation > MOST_ROTATION:
        path, usual = "regularization.augmentation.rotation", "10 to 30 degrees"
        yield Oddity(path, parts.augmentation.rotation, usual, HELD)
    decay = parts.weight_decay * recipe.optimizer.lr
    if decay > 1e-2:
        usual = f"lr x weight_decay is {decay:.2g} of the weights a step; at most 0.01"
        path = "regularization.weight_decay"
        yield Oddity(path, parts.weight_decay, usual, SHRUNK, decay >= 0.1)
    if parts.l2 > MOST_L2:
        usual = f"1e-5 to {USUAL_L2:g}"
        yield Oddity("regularization.l2", parts.l2, usual, SHRUNK, parts.l2 > FAR_OUT * USUAL_L2)


def _narrow(history: History) -> Iterator[Oddity]:
    """Layers with fewer units than there are classes, through which few of them get apart."""
    classes = history.started.data.outputs if history.started else 0
    if history.recipe.task != "classification" or classes <= MOST_NARROW:
        return
    for name in ("channels", "hidden"):
        sizes = getattr(history.recipe.model, name, ())
        if sizes and min(sizes) < min(classes, TOO_NARROW):
            usual = f"a layer has {counted(min(sizes), 'unit')} for {classes} classes; 16 or more"
            yield Oddity(f"model.{name}", min(sizes), usual, (*NOT_LEARNED, "dead_units"))


def _shrunk(history: History) -> Iterator[Oddity]:
    """Strides that leave nothing of where things are in a picture."""
    shape = history.started.data.input_shape if history.started else []
    model = history.recipe.model
    if len(shape) != 3 or getattr(model, "stride", 1) == 1:
        return
    side = min(shape[:2])
    left = feature_map_side(model, side)
    if left is not None and left < SMALLEST_MAP <= side // 4:
        usual = f"1 for small images; of {side} x {side} pixels {left} x {left} are left"
        yield Oddity("model.stride", 2, usual, (*NOT_LEARNED, *LAGGING))


def _half_over(recipe: Recipe) -> bool:
    """Whether the planned rate is as good as zero before the half of the run, for good."""
    if recipe.schedule.kind == "plateau":
        return False
    plain = recipe.changed({"optimizer.handover": None}) if _hands_over(recipe) else recipe
    rates = learning_rates(plain, 0, STEPS, STEPS)
    return bool(rates[STEPS // 2 :].max() < 0.01 * np.max(rates))


def _hands_over(recipe: Recipe) -> bool:
    return getattr(recipe.optimizer, "handover", None) is not None


DETECTORS = (
    Detector(
        name="suspicious_values",
        severity="info",
        order=5,
        about="the recipe holds values outside of what is usual",
        threshold="learning rates outside of their optimiser's usual range (100 times outside "
        "counts as wrong); layers with fewer units than classes, and than 8; strides that leave a "
        "single pixel of an image; SGD momentum from 0.99 at rates above 0.01; Adam's eps outside "
        "1e-12 to 1e-3 (0.1: wrong); dropout above 0.5; label smoothing above 0.2; rotations "
        "beyond 45 degrees; lr x weight_decay above 0.01 (0.1: wrong); l2 above 0.01 (0.1: wrong); "
        "patience below 3; a rate below 1 % of its peak before half of the run",
        source="usual search ranges; UMLAUT (dropout, rates); the rest is the project's",
        traps="transfer learning, very large batches and unusual tasks, which is why it is noted",
        look=suspicious_values,
        needs=("recipe",),
    ),
)
