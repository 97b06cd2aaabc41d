"""Does the signal flow? The start, gradients on their way back, and units that switch off."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from advisor.history import History
from advisor.recipe.models import layer_sizes
from advisor.symptoms.finding import Detector, Evidence
from advisor.symptoms.pace import far_from_fitted, loss_left
from advisor.trends import thinned


def symmetric_initialization(history: History) -> Evidence | str:
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


def initial_loss_off(history: History) -> Evidence | str:
    """The loss before the first step, against chance's or that of even odds.

    A sound Kaiming start may well be off by a factor: its outputs have a variance of 2 or more,
    which alone takes a squared error from 1 to 3, and cross-entropy over images to three times
    that of even odds (measured). Such a start costs a few steps and is no fault.
    """
    started, task = history.started, history.recipe.task
    if started is None or not math.isfinite(started.initial_loss):
        return "the loss of the untrained model is not known"
    even = 0.0 if task == "regression" else _loss_of_even_odds(history, started.data.outputs)
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
    return Evidence(
        shrinks and far_from_fitted(history),
        {"first": first, "last": last, "ratio": ratio, "decades_per_3_layers": decades},
        f"the gradient of {name} is {first:.2g}, {ratio:.2g} of that of the last layer",
        "median over the run",
    )


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
        tail > 20 or middle > 1e6,
        {"median": middle, "p99": top, "tail": tail},
        f"the gradient norm's 99th percentile, {top:.3g}, is {tail:.1f} times its median",
        f"{len(norms)} steps with a loss above 30 % of chance's",
    )


def dead_units(history: History) -> Evidence | str:
    return _share(history, "dead", "are zero on more than 99 % of the training examples")


def saturated_units(history: History) -> Evidence | str:
    return _share(history, "saturated", "are in their flat zone on more than 90 % of the examples")


def _share(history: History, name: Literal["dead", "saturated"], what: str) -> Evidence | str:
    shares = history.layer_shares(name)
    examples = history.started.data.train_examples if history.started else 0
    if len(history.inspections) < 2 or not shares or examples < 200:
        return "needs 2 inspections of the activations on 200 training examples"
    worst = max(shares, key=lambda layer: shares[layer])
    return Evidence(
        shares[worst] > 0.5,
        {"layer": worst, "share": shares[worst]},
        f"{100 * shares[worst]:.0f} % of the units of {worst} {what}",
        "last 2 inspections",
    )


DETECTORS = (
    Detector(
        name="symmetric_initialization",
        severity="block",
        order=1,
        about="all units of a layer start alike and can only stay alike",
        threshold="initialization zeros or constant with a hidden layer",
        source="CS231n, weight initialization",
        traps="a zero start of last layers alone",
        look=symmetric_initialization,
        needs=("recipe",),
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
        about="gradients shrink towards the input",
        threshold="first / last kernel below 1e-3 and first below 1e-4, or below 0.02 at a decade "
        "per 3 layers; training loss above 30 % of chance's",
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
        threshold="99th percentile above 20 medians, or a median above 1e6, while the loss is "
        "above 30 % of chance's",
        source="TheDeepChecker (1e6); the tail is the project's",
        traps="the first steps; runs near a perfect fit (both left out)",
        look=exploding_gradients,
        needs=("steps", "grad_norm", "chance_loss"),
    ),
    Detector(
        name="dead_units",
        severity="optimisation",
        order=4,
        about="ReLU units that never switch on",
        threshold="more than 50 % of a layer's units above zero on fewer than 1 % of the examples, "
        "at 2 inspections",
        source="SageMaker Debugger DeadRelu",
        traps="half of all values are zero in a healthy net; pruned models",
        look=dead_units,
        needs=("activations", "train_examples"),
    ),
    Detector(
        name="saturated_units",
        severity="optimisation",
        order=4,
        about="tanh or sigmoid units stuck in their flat zone",
        threshold="more than 50 % of a layer's units on more than 90 % of the examples, at 2 "
        "inspections",
        source="SageMaker Debugger, DeepDiagnosis (50 % of a layer); the zone is the project's",
        traps="gates and outputs saturate legitimately (not looked at)",
        look=saturated_units,
        needs=("activations", "train_examples"),
    ),
)
