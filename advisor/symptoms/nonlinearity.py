"""Does the model bend at all? Without activations it is a linear model in many layers."""

from __future__ import annotations

from advisor.history import History
from advisor.symptoms.contract import CHANGED_LOW, batch_mixing, mode_mismatch
from advisor.symptoms.finding import Detector, Evidence
from advisor.symptoms.probed import PREFLIGHT, missing, number

AFFINE = 1e-3
"""Deviations of the outputs: float32 rounds to 1e-6 of them, an activation bends by more than
0.1."""
UNSURE = {"mode_mismatch": mode_mismatch, "batch_mixing": batch_mixing}
"""Faults under which outputs differ for other reasons."""


def missing_nonlinearity(history: History) -> Evidence | str:
    departure = number(history, "nonlinearity")
    if departure is None:
        return missing(history, "nonlinearity")
    for name, look in UNSURE.items():
        seen = look(history)
        if isinstance(seen, Evidence) and seen.fires:
            return f"outputs differ for another reason: see {name}"
    precision = history.recipe.train.precision
    if departure <= CHANGED_LOW and precision in ("bfloat16", "float16"):
        return f"an affine model cannot be told from rounding in {precision}"
    fires = departure < AFFINE
    which = "an affine function, no more than a linear model" if fires else "no affine function"
    return Evidence(
        fires,
        {"nonlinearity": departure},
        f"the model is {which}: its outputs for the mean of two inputs are within {departure:.2g} "
        f"deviations of the mean of its outputs",
        "the untrained model",
    )


DETECTORS = (
    Detector(
        name="missing_nonlinearity",
        severity="info",
        order=7,
        about="the model is an affine function of its inputs, as without activations",
        threshold="outputs for the mean of two inputs within 0.001 deviations of the mean of the "
        "outputs, under its own and under random weights",
        source="UMLAUT MissingActivation, by outputs in place of layers",
        traps="logistic regression that is meant; branches that start at zero, and units that are "
        "on for all examples (weights are drawn, inputs turned); rounding in low precision",
        look=missing_nonlinearity,
        needs=PREFLIGHT,
    ),
)
