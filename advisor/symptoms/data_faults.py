"""What is wrong with the data themselves, from the checks before training."""

from __future__ import annotations

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.symptoms.probed import PREFLIGHT, missing, number
from advisor.text import counted

MOST_CONSTANT = 0.5
MOST_CONFLICTS, MOST_LEAKED = 0.005, 0.01
MUCH_LEAKED = 0.05
"""Up to here (deepchecks' limit) copies flatter the score, but decisions between trials stand."""
FEWEST = 3
"""Examples: a pair of equal inputs may be an accident."""
MOST_SHIFT = 0.1


def invalid_data(history: History) -> Evidence | str:
    lost, strange = number(history, "not_finite_share"), number(history, "out_of_range_share")
    if lost is None or strange is None:
        return missing(history, "not_finite_share")
    return Evidence(
        lost > 0 or strange > 0,
        {"not_finite": lost, "out_of_range": strange},
        f"{_percent(lost)} of the values are NaN or infinite, and {_percent(strange)} of the "
        f"labels or tokens are none that this task has",
        "training and validation data",
    )


def dead_features(history: History) -> Evidence | str:
    """Constant borders are natural in images, so that only more than half counts."""
    constant = number(history, "constant_share")
    repeated = number(history, "duplicate_feature_share") or 0.0
    if constant is None:
        return missing(history, "constant_share")
    severity: Severity | None = "block" if constant == 1 else None
    return Evidence(
        constant > MOST_CONSTANT or repeated > MOST_CONSTANT,
        {"constant": constant, "repeated": repeated},
        f"{_percent(constant)} of the features never change, and {_percent(repeated)} repeat "
        f"another one",
        "training inputs",
        severity,
    )


def conflicting_labels(history: History) -> Evidence | str:
    share = number(history, "conflicting_share")
    examples = number(history, "conflicting_examples")
    if share is None or examples is None:
        return missing(history, "conflicting_share")
    return Evidence(
        share > MOST_CONFLICTS and examples >= FEWEST,
        {"share": share, "examples": examples},
        f"{examples:g} training examples ({_percent(share)}) have the same inputs as another one, "
        f"but another label",
        "training examples",
    )


def leakage(history: History) -> Evidence | str:
    """Copies of training inputs, or of groups that should stay together, in validation."""
    share, groups = number(history, "leaked_share"), number(history, "leaked_group_share")
    examples = number(history, "leaked_examples") or 0.0
    if share is None and groups is None:
        return missing(history, "leaked_share")
    copied, split = share or 0.0, groups or 0.0
    many = copied > MOST_LEAKED and examples >= FEWEST
    told = f"{examples:g} validation inputs ({_percent(copied)}) are training inputs as well"
    if groups is not None:
        told += f", and {_percent(split)} of validation's groups have examples in training"
    values = {"share": copied, "examples": examples}
    return Evidence(
        many or split > 0,
        values if groups is None else {**values, "groups": split},
        told,
        "training and validation data",
        None if split > 0 or copied > MUCH_LEAKED else "optimisation",
    )


def split_mismatch(history: History) -> Evidence | str:
    shift, limit = number(history, "label_shift"), number(history, "label_shift_limit")
    if shift is None or limit is None:
        return missing(history, "label_shift")
    absent = number(history, "missing_classes") or 0.0
    return Evidence(
        shift > max(MOST_SHIFT, limit) or absent > 0,
        {"shift": shift, "limit": limit, "missing_classes": absent},
        f"the targets of training and validation are {shift:.3f} apart, where one random split "
        f"in a thousand exceeds {limit:.3f}; {_absent(absent)} in one of them only",
        "training and validation targets",
    )


def _absent(classes: float) -> str:
    return f"{counted(classes, 'class', 'classes')} {'is' if classes == 1 else 'are'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


DETECTORS = (
    Detector(
        name="invalid_data",
        severity="block",
        order=1,
        about="values that are no numbers, or labels that the task has not",
        threshold="one value",
        source="UMLAUT NaNInInput; range checks of the loss functions",
        traps="ignored labels and masked values, which this program does not know",
        look=invalid_data,
        needs=PREFLIGHT,
    ),
    Detector(
        name="leakage",
        severity="block",
        order=1,
        about="validation examples have been seen in training",
        threshold="more than 1 % of the validation inputs, and 3 of them, are training inputs bit "
        "by bit (more than 5 % blocks); or one group is on both sides",
        source="deepchecks (at most 5 %), made stricter by the project",
        traps="inputs of few possible values, which coincide by chance (left out); easy data",
        look=leakage,
        needs=PREFLIGHT,
    ),
    Detector(
        name="conflicting_labels",
        severity="optimisation",
        order=1,
        about="equal inputs have different labels",
        threshold="more than 0.5 % of the training examples, and 3 of them",
        source="the project's; Northcutt 2021 finds 3.3 % of wrong labels in public test sets",
        traps="inputs of few possible values, and regression, where answers scatter (left out)",
        look=conflicting_labels,
        needs=PREFLIGHT,
    ),
    Detector(
        name="split_mismatch",
        severity="optimisation",
        order=1,
        about="training and validation have different targets",
        threshold="total variation (regression: Kolmogorov-Smirnov) above 0.1, and beyond what one "
        "random split in a thousand exceeds; or a class that one of them lacks",
        source="deepchecks label drift (0.1 to 0.2)",
        traps="splits by time or group, where it is real; small validation sets (noise counts)",
        look=split_mismatch,
        needs=PREFLIGHT,
    ),
    Detector(
        name="dead_features",
        severity="info",
        order=1,
        about="most features say nothing",
        threshold="more than 50 % constant, or equal to another; all constant blocks",
        source="SageMaker Debugger AllZero and TheDeepChecker, with the project's share",
        traps="borders of images, rare one-hot columns",
        look=dead_features,
        needs=PREFLIGHT,
    ),
)
