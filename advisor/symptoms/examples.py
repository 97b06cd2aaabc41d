"""What the data alone show: scale of the inputs, sizes of the classes, size of the validation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity

MUCH_SHORT = 0.02
"""Of a metric that counts classes alike, and beyond a standard error: rare ones are missed."""
RARE = 10
"""Largest class / rarest."""
WITH_CLASSES = ("classification", "binary", "multilabel")


def unnormalized_input(history: History) -> Evidence | str:
    """Far from any usual scale: [0, 1], [-1, 1] and z-scores are all clear, also with outliers."""
    if history.started is None or history.started.data.train_examples < 30:
        return "needs 30 training examples"
    if history.recipe.data.scheme == "text":
        return "tokens have no scale"
    data = history.started.data
    off = data.input_mean_off > 2 or data.input_std_ratio > 100
    return Evidence(
        data.input_max_abs > 10 and off,
        {"max": data.input_max_abs, "mean": data.input_mean_off, "ratio": data.input_std_ratio},
        f"inputs reach {data.input_max_abs:.3g}, a mean is off zero by {data.input_mean_off:.3g}, "
        f"and deviations differ by a factor of {data.input_std_ratio:.3g}",
        "training inputs as the model sees them",
    )


def rare_classes(history: History) -> bool:
    """Whether class sizes differ so much that a few steps differ from the rest by themselves."""
    shares = history.started.data.class_shares if history.started else None
    told = bool(shares) and history.knows("class_shares")
    return told and max(shares or ()) > RARE * min(shares or ())


def class_imbalance(history: History) -> Evidence | str:
    shares = history.started.data.class_shares if history.started else None
    if history.started is None or not shares or history.recipe.task not in WITH_CLASSES:
        return "needs classes or labels"
    if history.started.data.train_examples < 200:
        return "needs 200 training examples"
    if history.recipe.task == "multilabel":
        return _label_imbalance(shares)
    ratio = max(shares) / max(min(shares), 1e-9)
    return Evidence(
        ratio > RARE,
        {"ratio": ratio, "rarest": min(shares)},
        f"the largest class is {ratio:.1f} times the rarest, which holds {100 * min(shares):.1f} %"
        + _compensation(history),
        "training targets",
        _severity(history),
    )


def _remedies(history: History) -> int:
    """Ways in which rare classes are made to count more."""
    weighted = any(
        getattr(history.recipe.loss, name, None) for name in ("class_weights", "positive_weight")
    )
    return weighted + (history.recipe.train.sampling == "balanced")


def _compensation(history: History) -> str:
    if not history.knows("recipe"):
        return ""
    return (
        ", and all count alike in the loss",
        "",
        "; loss and sampler both make up for it, which is once too often",
    )[_remedies(history)]


def _severity(history: History) -> Severity | None:
    """Graver than a note where the metric counts classes alike, and is short, while the loss does
    not, or where rare classes are made up for twice."""
    if not history.knows("recipe"):
        return None
    best, remedies = history.best, _remedies(history)
    short = history.shortfall(best.validation_metric) if best else None
    alike = history.recipe.metric in ("balanced_accuracy", "f1")
    error = history.shortfall_error or 0.0
    unmet = alike and remedies == 0 and short is not None and short > max(MUCH_SHORT, error)
    return "optimisation" if unmet or remedies > 1 else None


def _label_imbalance(shares: Sequence[float]) -> Evidence:
    """Each label has two values; what counts is the label in which they differ most."""
    rarest = min(min(share, 1 - share) for share in shares)
    ratio = (1 - rarest) / max(rarest, 1e-9)
    return Evidence(
        ratio > RARE,
        {"ratio": ratio, "rarest": rarest},
        f"the rarer value of a label is found in {100 * rarest:.1f} % of the examples",
        "training targets",
    )


def validation_too_small(history: History) -> Evidence | str:
    error = history.shortfall_error
    if error is None:
        return "needs a finite evaluation"
    smallest = 2 * math.sqrt(2) * error
    return Evidence(
        smallest > 0.02,
        {"examples": history.validation_examples, "smallest_difference": smallest},
        f"{history.validation_examples} validation examples cannot tell differences below "
        f"{100 * smallest:.1f} points from noise",
        "best evaluation",
    )


DETECTORS = (
    Detector(
        name="unnormalized_input",
        severity="optimisation",
        order=1,
        about="inputs are not on one usual scale",
        threshold="|x| above 10, with a mean off by more than 2 or deviations 100 times apart",
        source="SageMaker Debugger CheckInputImages and TheDeepChecker, made less eager for "
        "z-scores and counts",
        traps="counts and one-hot inputs; a normalisation right after the input",
        look=unnormalized_input,
        needs=("inputs", "train_examples"),
    ),
    Detector(
        name="class_imbalance",
        severity="info",
        order=9,
        about="classes differ much in size",
        threshold="largest / rarest above 10 (multilabel: within a label); more than noted where "
        "balanced accuracy or F1 is 0.02 short and nothing makes up for it, or two things do",
        source="SageMaker Debugger ClassImbalance; the shortfall is the project's",
        traps="long tails for which accuracy is truly the goal",
        look=class_imbalance,
        needs=("class_shares", "train_examples"),
    ),
    Detector(
        name="validation_too_small",
        severity="info",
        order=9,
        about="differences of 2 points cannot be seen on this validation set",
        threshold="two standard errors of a difference above 0.02 of the metric (rmse, mae: of "
        "chance's)",
        source="binomial standard errors; 2 points is the project's",
        traps="paired comparisons see somewhat smaller differences",
        look=validation_too_small,
        needs=("validation_metric", "validation_examples"),
    ),
)
