"""Does the test set say what validation said?"""

from __future__ import annotations

import math

from advisor.luck import error_at, is_measured
from advisor.metrics import oriented
from advisor.session_symptoms.detector import SessionDetector
from advisor.state import Attempt, State
from advisor.symptoms.finding import Evidence

BEYOND = 2.0
"""Standard errors of a difference."""


def worse_on_test(state: State) -> Evidence | str:
    """The best recipe's metric on the sealed split against validation's."""
    best, told = state.incumbent, state.test.facts if state.test else {}
    value, examples = told.get("best_metric"), told.get("best_examples")
    if best is None or value is None:
        return "the test set was not opened for the best recipe"
    if not examples:
        return "nobody told how many examples the test set has"
    if not is_measured(best):
        return "the best recipe has no finite metric on validation"
    return _compared(best, value, examples, state.scale)


def _compared(best: Attempt, value: float, examples: float, scale: float) -> Evidence:
    """If both sets are alike, the pooled metric tells best how noisy either is."""
    known, started, metric = best.value or 0.0, best.result.started, best.recipe.metric
    held_out = started.data.validation_examples if started else 0
    lost = oriented(metric, known) - oriented(metric, value)
    pooled = (held_out * known + examples * value) / (held_out + examples)
    error = error_at(best, pooled, scale) * math.sqrt(1 + held_out / examples)
    return Evidence(
        lost > BEYOND * error,
        {"test": value, "validation": known, "lost": lost, "error": error},
        f"{metric} on the test set is {value:.4g}, {abs(lost):.2g} "
        f"{'better' if lost < 0 else 'worse'} than on validation; a standard error of the "
        f"difference is {error:.2g}",
        f"{held_out} validation and {examples:.0f} test examples",
    )


DETECTOR = SessionDetector(
    name="test_mismatch",
    about="the best recipe is worse on the test set than on validation",
    threshold="by more than 2 standard errors of the difference, where the test set was opened",
    source="two independent scores; 2 standard errors is the project's",
    traps="the best recipe was chosen on validation and is a little lucky there; one fair session "
    "in forty",
    needs=("the metric on the test set, once it was opened", "the number of test examples"),
    first="Look at how the splits differ (time, groups, sources) and split anew; do not tune on "
    "the test set.",
    expect="Validation that speaks for what will be predicted.",
    look=worse_on_test,
)
