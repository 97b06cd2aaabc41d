"""Values in the recipe that are outside of what anybody uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.history import History
from advisor.recipe import Recipe
from advisor.schedule import learning_rates
from advisor.symptoms.finding import Detector, Evidence, Severity

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
STEPS = 1000
"""Of a run on which a schedule is looked at."""


@dataclass(frozen=True)
class Oddity:
    """One value, and what is usual in its place."""

    path: str
    value: float
    usual: str
    wrong: bool = False
    """beyond doubt"""


def suspicious_values(history: History) -> Evidence | str:
    found = list(_oddities(history.recipe))
    severity: Severity = "optimisation" if any(each.wrong for each in found) else "info"
    told = [f"{each.path} is {each.value:.3g} ({each.usual})" for each in found]
    return Evidence(
        bool(found),
        {each.path: each.value for each in found},
        "; ".join(told) or "every value of the recipe is usual",
        "the recipe",
        severity,
    )


def _oddities(recipe: Recipe) -> Iterator[Oddity]:
    yield from _rates(recipe)
    yield from _constants(recipe)
    yield from _regularisers(recipe)
    early = recipe.train.early_stopping
    if early is not None and early.patience < 3:
        yield Oddity("train.early_stopping.patience", early.patience, "3 evaluations or more")
    if _half_over(recipe):
        yield Oddity("schedule", 0.5, "the rate is below 1 % of its peak before half of the run")


def _rates(recipe: Recipe) -> Iterator[Oddity]:
    handover = getattr(recipe.optimizer, "handover", None)
    pairs = [("optimizer.lr", recipe.optimizer.kind, recipe.optimizer.lr)]
    pairs += [("optimizer.handover.lr", "sgd", handover.lr)] if handover else []
    for path, kind, rate in pairs:
        low, high = USUAL_RATES[kind]
        if not low <= rate <= high:
            wrong = not low / FAR_OUT <= rate <= high * FAR_OUT
            yield Oddity(path, rate, f"{low:g} to {high:g} with {kind}", wrong)


def _constants(recipe: Recipe) -> Iterator[Oddity]:
    optimizer = recipe.optimizer
    momentum, eps = getattr(optimizer, "momentum", 0.0), getattr(optimizer, "eps", 1e-8)
    if optimizer.kind == "sgd" and momentum >= 0.99 and optimizer.lr > 0.01:
        reach = 1 / (1 - momentum)
        usual = f"0.9; each gradient counts {reach:.0f} times, at a rate of {optimizer.lr:g}"
        yield Oddity("optimizer.momentum", momentum, usual)
    if optimizer.kind in ("adam", "adamw", "nadam") and not 1e-12 <= eps <= 1e-3:
        wrong = eps >= 0.1  # gradients are smaller than that: nothing adapts any more
        yield Oddity("optimizer.eps", eps, "1e-12 to 1e-3, mostly 1e-8", wrong)


def _regularisers(recipe: Recipe) -> Iterator[Oddity]:
    parts = recipe.regularization
    for name in ("dropout", "feature_dropout", "embedding_dropout", "attention_dropout"):
        if getattr(parts, name) > 0.5:
            yield Oddity(f"regularization.{name}", getattr(parts, name), "0.1 to 0.5")
    if parts.label_smoothing > 0.2:
        yield Oddity("regularization.label_smoothing", parts.label_smoothing, "0.1, at most 0.2")
    decay = parts.weight_decay * recipe.optimizer.lr
    if decay > 1e-2:
        usual = f"lr x weight_decay is {decay:.2g} of the weights a step; at most 0.01"
        yield Oddity("regularization.weight_decay", parts.weight_decay, usual, decay >= 0.1)


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
        "counts as wrong); SGD momentum from 0.99 at rates above 0.01; Adam's eps outside 1e-12 to "
        "1e-3 (0.1: wrong); dropout above 0.5; label smoothing above 0.2; lr x weight_decay above "
        "0.01 (0.1: wrong); patience below 3; a rate below 1 % of its peak before half of the run",
        source="usual search ranges; UMLAUT (dropout, rates); the rest is the project's",
        traps="transfer learning, very large batches and unusual tasks, which is why it is noted",
        look=suspicious_values,
        needs=("recipe",),
    ),
)
