"""Does the signal flow? The start, gradients on their way back, and units that switch off."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from advisor.history import History
from advisor.recipe import Recipe
from advisor.recipe.models import layer_sizes
from advisor.signals import in_words
from advisor.symptoms.examples import rare_classes
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.symptoms.pace import far_from_fitted, loss_left
from advisor.symptoms.probed import number
from advisor.trends import thinned

MOST_DEAD, MOST_SATURATED = 0.75, 0.5
SHUT = 0.9
"""Share of a layer's units from which hardly anything gets through."""
STANDARD = 1.0
"""Squared deviation of targets that were standardised on the training set."""
DEEP, FADED = 8, 10.0
"""Layers with a kernel; and how much a signal may change in strength from layer to layer."""
HARMLESS = 0.1
"""Of chance's loss: a training that came so far was not kept from it."""


def symmetric_initialization(history: History) -> Evidence | str:
    if not history.knows("recipe"):
        return _all_zero(history)
    kind = history.recipe.initialization.kind
    sizes = layer_sizes(history.recipe.model)
    if sizes is None:
        return "how your own model starts is its own business"
    alike = kind in ("zeros", "constant")
    return Evidence(
        alike and bool(sizes),
        {"initialization": kind},
        f"all weights start at one value ({kind}), so all units of a layer stay alike"
        if alike
        else f"weights start apart ({kind})",
        "the recipe",
    )


def _all_zero(history: History) -> Evidence | str:
    """Without a recipe: whether every kernel of several was still zero when first reported."""
    first = [history.timeline.layers[name].weight_norm.values[:1] for name in history.kernels]
    if not history.knows("layers") or len(first) < 2 or not all(map(len, first)):
        return f"nobody told {in_words(('recipe',))}"
    zero = all(float(norm[0]) == 0 for norm in first)
    return Evidence(
        zero,
        {"kernels": len(first)},
        f"all {len(first)} kernels were zero when they were first looked at"
        if zero
        else "weights did not all start at zero",
        "first report of the weights",
    )


def initial_loss_off(history: History) -> Evidence | str:
    """The loss before the first step, against chance's or that of even odds.

    A sound Kaiming start may well be off by a factor: its outputs have a variance of 2 or more,
    which alone takes a squared error from 1 to 3, and cross-entropy over images to three times
    that of even odds (measured). Such a start costs a few steps and is no fault.
    """
    started, task = history.started, history.recipe.task
    if started is None or not math.isfinite(started.initial_loss):
        return "the loss of the untrained model is not known"
    if task == "regression":
        even = STANDARD if history.knows("recipe") else 0.0
    else:
        even = _loss_of_even_odds(history, started.data.outputs)
    expected, allowed = max(started.chance_loss, even), 10.0 if task == "regression" else 4.0
    ratio = started.initial_loss / max(expected, 1e-12)
    return Evidence(
        ratio > allowed,
        {"initial": started.initial_loss, "expected": expected, "allowed_ratio": allowed},
        f"the untrained model's loss is {started.initial_loss:.4g}, {ratio:.2g} times the "
        f"{expected:.4g} of knowing nothing",
        "before the first step",
    )


def _loss_of_even_odds(history: History, outputs: int) -> float:
    """Of a classifier that finds all classes, or both values of a label, equally likely."""
    options = max(2, outputs) if history.recipe.task in ("classification", "language_model") else 2
    gamma = float(getattr(history.recipe.loss, "gamma", 0.0))
    return math.log(options) * float((1 - 1 / options) ** gamma)


def vanishing_gradients(history: History) -> Evidence | str:
    """The first layer's gradient against the last's, by ratio or by its fall per layer.

    Only while there is much left to learn: a fitted model has small gradients everywhere.
    """
    gradients = list(history.layer_gradients.items())
    if len(gradients) < 3 or history.steps < 20 or not history.evaluations:
        return "needs 20 steps, an evaluation and 3 layers with a kernel"
    if loss_left(history) is None:
        return "needs an evaluation of the training loss"
    (name, first), (_, last) = gradients[0], gradients[-1]
    if last < 1e-8:
        return "the last layer has no gradient to compare with"
    ratio = first / last
    decades = -math.log10(max(ratio, 1e-30)) / (len(gradients) - 1) * 3
    shrinks = (ratio < 1e-3 and first < 1e-4) or (ratio < 0.02 and decades > 1)
    signal = number(history, "signal_ratio") or 1.0
    known = history.knows("recipe")
    fades = known and deep_and_plain(history.recipe) and signal > FADED
    values = {"first": first, "last": last, "ratio": ratio, "decades_per_3_layers": decades}
    return Evidence(
        (shrinks or fades) and far_from_fitted(history),
        {**values, "signal_ratio": signal},
        f"the gradient of {name} is {first:.2g}, {ratio:.2g} of that of the last layer"
        + (
            f", and the difference between examples is {signal:.3g} times as large in one layer "
            f"as in another"
            if fades
            else ""
        ),
        "median over the run",
    )


def deep_and_plain(recipe: Recipe) -> bool:
    """Whether the signal has to pass many layers with nothing that keeps it up, from weights that
    start as they should: then depth is to blame, not the start."""
    sizes, start = layer_sizes(recipe.model) or (), recipe.initialization
    held = getattr(recipe.model, "normalization", "none") != "none"
    linked = getattr(recipe.model, "residual", False)
    usual = start.kind not in ("zeros", "constant") and 0.5 <= start.gain <= 2.0
    plain = recipe.model.kind in ("mlp", "cnn") and not held and not linked
    return len(sizes) >= DEEP and usual and plain


def exploding_gradients(history: History) -> Evidence | str:
    """A heavy tail of gradient norms, on the steps where the loss is still high.

    Near a perfect fit most batches have no gradient and a few have some, so the tail is heavy
    in every healthy run; the first tenth of a run is left out as well.
    """
    chance = history.chance_loss
    if chance is None:
        return "the loss of chance is not known"
    late = slice(history.planned // 10, None)
    high = thinned(history.smooth_loss[late]) > 0.3 * chance
    norms = thinned(history.grad_norm[late])[high]
    norms = norms[~np.isnan(norms)]
    if len(norms) < 100:
        return "needs 100 steps after the first tenth with a loss above 30 % of chance's"
    finite = norms[np.isfinite(norms)]
    if len(finite) < len(norms):
        return Evidence(True, {"not_finite": len(norms) - len(finite)}, "gradients overflow")
    middle, top = np.percentile(finite, (50, 99)).tolist()
    tail = top / max(middle, 1e-12)
    return Evidence(
        (tail > 20 and not rare_classes(history)) or middle > 1e6,
        {"median": middle, "p99": top, "tail": tail},
        f"the gradient norm's 99th percentile, {top:.3g}, is {tail:.1f} times its median",
        f"{len(norms)} steps with a loss above 30 % of chance's",
    )


def dead_units(history: History) -> Evidence | str:
    """Half of the units behind features that are never negative are dead from the start in sound
    networks (0.38 to 0.62 measured in CNNs of the clinic; of 32 units one start in a thousand has
    0.77), so that more must be."""
    what = "are zero on more than 99 % of the training examples"
    return _share(history, "dead", what, MOST_DEAD)


def saturated_units(history: History) -> Evidence | str:
    what = "are in their flat zone on more than 90 % of the examples"
    return _share(history, "saturated", what, MOST_SATURATED)


def _share(
    history: History, name: Literal["dead", "saturated"], what: str, most: float
) -> Evidence | str:
    """Only noted where the training set is fitted all the same. A layer that is as good as shut
    explains whatever does not get through it."""
    shares = history.layer_shares(name)
    examples = history.started.data.train_examples if history.started else 0
    if len(history.inspections) < 2 or not shares or examples < 200:
        return "needs 2 inspections of the activations on 200 training examples"
    worst = max(shares, key=lambda layer: shares[layer])
    left = loss_left(history)
    severity: Severity | None = "info" if left is not None and left < HARMLESS else None
    return Evidence(
        shares[worst] > most,
        {"layer": worst, "share": shares[worst]},
        f"{100 * shares[worst]:.0f} % of the units of {worst} {what}",
        "last 2 inspections",
        severity,
        None if shares[worst] >= SHUT else ("slow_learning", "layer_imbalance"),
    )


DETECTORS = (
    Detector(
        name="symmetric_initialization",
        severity="block",
        order=1,
        about="all units of a layer start alike and can only stay alike",
        threshold="initialization zeros or constant with a hidden layer; without a recipe: every "
        "kernel exactly zero when first reported",
        source="CS231n, weight initialization",
        traps="a zero start of last layers alone",
        look=symmetric_initialization,
    ),
    Detector(
        name="initial_loss_off",
        severity="optimisation",
        order=4,
        about="the untrained model is far worse than knowing nothing",
        threshold="loss above 4 times that of even odds or chance (regression: 10 times)",
        source="Karpathy, verify the loss at init; TheDeepChecker (deviation ratio 1), made less "
        "eager for Kaiming starts",
        traps="imbalanced classes, whose chance loss is small (even odds count)",
        look=initial_loss_off,
        needs=("initial_loss", "chance_loss"),
    ),
    Detector(
        name="vanishing_gradients",
        severity="optimisation",
        order=4,
        about="gradients shrink towards the input, or the signal on its way to the output",
        threshold="first / last kernel below 1e-3 and first below 1e-4, or below 0.02 at a decade "
        "per 3 layers, or (8 plain layers or more) a signal 10 times weaker in one layer than in "
        "another; training loss above 30 % of chance's",
        source="AutoTrainer; the fall per layer is the project's",
        traps="fitted models; Adam hides small gradients",
        look=vanishing_gradients,
        needs=("layers", "train_loss", "chance_loss"),
    ),
    Detector(
        name="exploding_gradients",
        severity="optimisation",
        order=4,
        about="a few gradients are far larger than the rest",
        threshold="99th percentile above 20 medians (not with rare classes), or a median above "
        "1e6, while the loss is above 30 % of chance's",
        source="TheDeepChecker (1e6); the tail is the project's",
        traps="the first steps; runs near a perfect fit; rare classes (all left out)",
        look=exploding_gradients,
        needs=("steps", "grad_norm", "chance_loss"),
    ),
    Detector(
        name="dead_units",
        severity="optimisation",
        order=4,
        about="ReLU units that never switch on",
        threshold="more than 75 % of a layer's units above zero on fewer than 1 % of the examples, "
        "at 2 inspections; only noted below 10 % of chance's loss",
        source="SageMaker Debugger DeadRelu (units), AutoTrainer (70 %)",
        traps="half of all values are zero in a healthy net, and half of the units that see only "
        "non-negative features are dead from the start; pruned models",
        look=dead_units,
        needs=("activations", "train_examples"),
    ),
    Detector(
        name="saturated_units",
        severity="optimisation",
        order=4,
        about="tanh or sigmoid units stuck in their flat zone",
        threshold="more than 50 % of a layer's units on more than 90 % of the examples, at 2 "
        "inspections; only noted below 10 % of chance's loss",
        source="SageMaker Debugger, DeepDiagnosis (50 % of a layer); the zone is the project's",
        traps="gates and outputs saturate legitimately (not looked at)",
        look=saturated_units,
        needs=("activations", "train_examples"),
    ),
)
