"""What the untrained model does against what loss and evaluation take for granted."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.history import History
from advisor.symptoms.finding import Detector, Evidence
from advisor.symptoms.probed import PREFLIGHT, flag, missing, number

FORMS: Mapping[str, str] = {
    "probabilities": "sum to 1, as after a softmax",
    "probabilities_over_batch": "sum to 1 over the batch, as after a softmax along the wrong axis",
    "zero_to_one": "lie between 0 and 1, as after a sigmoid",
    "minus_one_to_one": "lie between -1 and 1, as after a tanh",
    "never_negative": "are never negative, as after a ReLU",
    "never_positive": "are never positive",
}
"""Forms that no raw outputs of a classifier have. Log-probabilities do no harm: their softmax
is the one that they come from."""
UNREACHABLE = 0.05
"""Share of the targets of a regression."""
CHANGED, CHANGED_LOW = 1e-3, 0.05
"""Deviations by which outputs may change where they should not, for rounding's sake; in bfloat16
and float16 the second."""
IGNORED = 1e-6


def output_contract(history: History) -> Evidence | str:
    shape, form = flag(history, "output_shape_fits"), history.probed.get("output_form")
    if shape is False or flag(history, "outputs_finite") is False:
        reads = "the untrained model's outputs have the wrong shape or are not finite"
        return Evidence(True, {"shape_fits": str(shape)}, reads, UNTRAINED)
    if not isinstance(form, str):
        return missing(history, "output_form")
    if history.recipe.task == "regression":
        return _range(history, form)
    return Evidence(
        form in FORMS,
        {"form": form},
        f"outputs {FORMS[form]}; the loss applies its own softmax or sigmoid to raw outputs"
        if form in FORMS
        else "outputs are raw, as the loss expects",
        UNTRAINED,
    )


def _range(history: History, form: str) -> Evidence:
    beyond = number(history, "unreachable_share") or 0.0
    words = FORMS.get(form, "are raw")
    return Evidence(
        beyond > UNREACHABLE,
        {"form": form, "unreachable": beyond},
        f"outputs {words}; {100 * beyond:.3g} % of the (standardised) targets lie outside",
        UNTRAINED,
    )


def batch_mixing(history: History) -> Evidence | str:
    """Of a model whose evaluations are random anyway nothing can be said."""
    company, again = number(history, "company_change"), number(history, "random_change")
    future = number(history, "future_change") or 0.0
    if company is None or again is None:
        return missing(history, "company_change")
    most = _tolerated(history)
    if again > most:
        return "evaluation is random: see mode_mismatch"
    what = "later tokens" if future > company else "the other examples of the batch"
    return Evidence(
        max(company, future) > most,
        {"company_change": company, "future_change": future},
        f"in evaluation, outputs move by {max(company, future):.2g} of their deviation with {what}",
        UNTRAINED,
    )


def mode_mismatch(history: History) -> Evidence | str:
    change = number(history, "repeat_change")
    if change is None:
        return missing(history, "repeat_change")
    return Evidence(
        change > _tolerated(history),
        {"repeat_change": change},
        f"evaluated again, or in another order, the same examples' outputs move by {change:.2g} of "
        f"their deviation",
        UNTRAINED,
    )


def _tolerated(history: History) -> float:
    return CHANGED if history.recipe.train.precision == "float32" else CHANGED_LOW


def input_ignored(history: History) -> Evidence | str:
    """Still so after a few steps, since a last layer may well start at zero."""
    spread = number(history, "output_spread")
    if spread is None:
        return missing(history, "output_spread")
    if history.recipe.initialization.kind in ("zeros", "constant"):
        return "weights that start alike hide it: see symmetric_initialization"
    if history.probed.get("output_form") == "probabilities" and spread == 0:
        return "outputs are forced to one value: see output_contract"
    return Evidence(
        spread < IGNORED,
        {"output_spread": spread},
        f"outputs for different inputs differ by {spread:.2g} of their size",
        "the untrained model, or after a few steps",
    )


def nondeterminism(history: History) -> Evidence | str:
    same, apart = flag(history, "repeatable"), number(history, "repeat_difference") or 0.0
    if same is None:
        return missing(history, "repeatable")
    return Evidence(
        not same,
        {"difference": apart},
        "two starts take the same first steps, bit for bit"
        if same
        else f"the first losses of two starts with one seed differ by {apart:.2g} of their size",
        "the first steps",
    )


UNTRAINED = "the untrained model"

DETECTORS = (
    Detector(
        name="output_contract",
        severity="block",
        order=1,
        about="outputs are not what the loss expects",
        threshold="outputs that are a softmax's, a sigmoid's or of one sign under any weights, or "
        "of the wrong shape; regression: 5 % of the targets out of their reach",
        source="UMLAUT and AutoTrainer on last layers and losses; DeepDiagnosis on ranges",
        traps="log-probabilities, which do no harm; cosine classifiers without a scale",
        look=output_contract,
        needs=PREFLIGHT,
    ),
    Detector(
        name="batch_mixing",
        severity="block",
        order=1,
        about="an example's output depends on the rest of its batch, or on later tokens",
        threshold="a change by 0.001 deviations (0.05 in low precision), in evaluation",
        source="Karpathy, backprop to chart dependencies; TheDeepChecker",
        traps="batch normalisation in training mode mixes by design: it must be off in evaluation",
        look=batch_mixing,
        needs=PREFLIGHT,
    ),
    Detector(
        name="mode_mismatch",
        severity="block",
        order=1,
        about="evaluation is not in evaluation mode: it drops or draws at random",
        threshold="outputs that change by 0.001 deviations (0.05 in low precision) when evaluated "
        "again",
        source="TheDeepChecker, switch of modes, by outputs in place of losses",
        traps="rounding, which depends on the place in a batch",
        look=mode_mismatch,
        needs=PREFLIGHT,
    ),
    Detector(
        name="input_ignored",
        severity="block",
        order=1,
        about="outputs do not depend on the input",
        threshold="outputs of different inputs within 1e-6 of their size, also after a few steps",
        source="Karpathy's input-independent baseline; TheDeepChecker",
        traps="last layers that start at zero (steps are taken); a signal that fades is another "
        "fault",
        look=input_ignored,
        needs=PREFLIGHT,
    ),
    Detector(
        name="nondeterminism",
        severity="info",
        order=9,
        about="the same training does not repeat",
        threshold="first losses of two starts that differ in one bit",
        source="PyTorch and JAX on reproducibility",
        traps="atomic additions of accelerators, which are no missing seed",
        look=nondeterminism,
        needs=PREFLIGHT,
    ),
)
