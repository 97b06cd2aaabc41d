"""What is wrong with the targets: outliers, and answers that stand in the inputs."""

from __future__ import annotations

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.symptoms.probed import PREFLIGHT, missing, number

MOST_OUTLIERS, FEWEST = 0.001, 3
"""Share of the training targets, and how many there must be."""
COPIED = 0.9
"""Share of a text's positions; in real text a few tokens in a hundred repeat the one before."""


def target_outliers(history: History) -> Evidence | str:
    """Graver than a note only under a squared loss, which follows the farthest targets."""
    share = number(history, "target_outlier_share")
    if history.recipe.task != "regression":
        return "needs targets that are numbers"
    if share is None:
        return missing(history, "target_outlier_share")
    examples = history.started.data.train_examples if history.started else None
    many = examples is None or round(share * examples) >= FEWEST
    severity: Severity = "optimisation" if history.recipe.loss.kind == "mse" else "info"
    return Evidence(
        share > MOST_OUTLIERS and many,
        {"share": share},
        f"{100 * share:.2g} % of the training targets are more than 10 robust deviations from the "
        f"median",
        "training targets",
        severity,
    )


def target_leakage(history: History) -> Evidence | str:
    share, columns = number(history, "copied_target_share"), number(history, "copied_columns")
    if share is None and columns is None:
        return missing(history, "copied_columns")
    text = share is not None
    return Evidence(
        (share or 0.0) > COPIED or (columns or 0.0) > 0,
        {"share": share or 0.0} if text else {"columns": columns or 0.0},
        f"at {100 * (share or 0.0):.3g} % of the positions the answer is the token that is read"
        if text
        else f"{columns or 0:g} input columns are the target itself",
        "training examples",
    )


DETECTORS = (
    Detector(
        name="target_leakage",
        severity="block",
        order=1,
        about="the answer is among the inputs",
        threshold="a text whose targets are its own tokens at more than 90 % of the positions; a "
        "column that is the target, up to scale and offset (correlation 1 - 1e-6)",
        source="Kaufman et al. 2012, Leakage in data mining; the numbers are the project's",
        traps="tasks of copying, which are meant; classes of more than two are not looked at",
        look=target_leakage,
        needs=PREFLIGHT,
    ),
    Detector(
        name="target_outliers",
        severity="optimisation",
        order=1,
        about="a few targets are far from all others, and a squared loss follows them",
        threshold="more than 0.1 % of the training targets, and 3 of them, beyond 10 robust "
        "deviations from the median; only noted under other losses than mse",
        source="Huber 1964, Robust estimation of a location parameter; the numbers are the "
        "project's",
        traps="targets with a long tail by nature, such as prices: take their logarithm",
        look=target_outliers,
        needs=PREFLIGHT,
    ),
)
