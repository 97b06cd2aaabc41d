"""What the model can do at all: pass the signal on, learn one batch, beat a linear model."""

from __future__ import annotations

import math

from advisor.history import History
from advisor.symptoms.contract import batch_mixing, input_ignored, mode_mismatch, output_contract
from advisor.symptoms.data_faults import conflicting_labels, invalid_data
from advisor.symptoms.finding import Detector, Evidence, Severity
from advisor.symptoms.flow import FADED, deep_and_plain, symmetric_initialization
from advisor.symptoms.probed import PREFLIGHT, flag, missing, number
from advisor.trends import falling

MOST_RATIO, USUAL_GAIN = FADED, 2.0
LEFT = 0.9
"""Of chance's loss: labels with nothing in them leave so much of it."""
LEAST_STEPS = 200
SURE = 3.0
"""Standard errors."""
HARDLY = 0.05
"""Points of metric that are no reason to doubt a training."""
EXPLANATIONS = {
    "invalid_data": invalid_data,
    "conflicting_labels": conflicting_labels,
    "output_contract": output_contract,
    "batch_mixing": batch_mixing,
    "mode_mismatch": mode_mismatch,
    "input_ignored": input_ignored,
    "symmetric_initialization": symmetric_initialization,
}
"""Faults that keep a batch from being fitted, and are told under their own name."""


def poor_initialization(history: History) -> Evidence | str:
    ratio = number(history, "signal_ratio")
    if ratio is None:
        return missing(history, "signal_ratio")
    if history.recipe.transfer.weights is not None:
        return "the weights come from an earlier training"
    if _fires("symmetric_initialization", history):
        return "all weights start alike: see symmetric_initialization"
    if deep_and_plain(history.recipe):
        return "so many plain layers lose any signal: see vanishing_gradients"
    squashed = getattr(history.recipe.model, "activation", None) == "sigmoid"
    if squashed and history.recipe.initialization.gain <= USUAL_GAIN:
        return "a sigmoid shrinks any signal, however weights start: see vanishing_gradients"
    return Evidence(
        ratio > MOST_RATIO,
        {"signal_ratio": ratio},
        f"the difference between examples is {ratio:.3g} times as large in one layer as in another",
        "the untrained model",
    )


def one_batch_not_fitted(history: History) -> Evidence | str:
    """Named only where no fault with a name of its own explains it."""
    fitted, loss = flag(history, "one_batch_fitted"), number(history, "one_batch_loss")
    if fitted is None:
        return missing(history, "one_batch_fitted")
    if not fitted:
        others = [name for name in EXPLANATIONS if _fires(name, history)]
        ratio = number(history, "signal_ratio")
        others += ["poor_initialization"] if ratio is not None and ratio > MOST_RATIO else []
        if others:
            return f"one batch was not fitted, which {others[0]} explains"
    examples = number(history, "one_batch_examples") or 0.0
    steps = number(history, "one_batch_steps") or 0.0
    left = math.inf if loss is None else loss
    return Evidence(
        not fitted,
        {"examples": examples, "steps": steps, **({} if loss is None else {"loss": loss})},
        f"{examples:g} examples were {'learned by heart' if fitted else 'not learned by heart'} in "
        f"{steps:g} steps at the recipe's rate, ten times and a tenth of it"
        + (f"; {100 * left:.0f} % of the loss of ignoring the input were left" if loss else ""),
        "one small batch, nothing that holds the fit down",
    )


def _fires(name: str, history: History) -> bool:
    seen = EXPLANATIONS[name](history)
    return isinstance(seen, Evidence) and seen.fires


def unlearnable_labels(history: History) -> Evidence | str:
    """The model learns a batch by heart at this very rate, and yet nothing of the whole."""
    fitted, rate = flag(history, "one_batch_fitted"), number(history, "one_batch_lr")
    if not fitted or rate is None:
        return missing(history, "one_batch_fitted") if fitted is None else "no batch was fitted"
    if rate > 1.001 * history.recipe.optimizer.lr:
        return "one batch was fitted at a higher rate than the run's"
    started = history.started
    if started is None or not history.complete or history.steps < LEAST_STEPS:
        return f"needs a whole run of {LEAST_STEPS} steps"
    left = float(history.train_losses.min()) / max(started.chance_loss, 1e-12)
    p, lift = falling(history.train_losses), history.lift
    chance = lift is not None and lift < SURE
    return Evidence(
        left >= LEFT and chance and (p is None or p > 0.05),
        {"loss_over_chance": left, "p_falling": 1.0 if p is None else p, "lift": lift or 0.0},
        f"one batch is learned by heart at this rate, but the whole training set keeps "
        f"{100 * left:.0f} % of the loss of ignoring the input",
        "the run",
    )


def weaker_than_linear(history: History) -> Evidence | str:
    linear, best, error = number(history, "linear_metric"), history.best, history.shortfall_error
    if linear is None:
        return missing(history, "linear_metric")
    if best is None or error is None or not history.complete:
        return "needs a whole run with a finite evaluation"
    ours, theirs = history.shortfall(best.validation_metric), history.shortfall(linear)
    if ours is None or theirs is None:
        return "chance itself is perfect"
    errors = (ours - theirs) / max(error, 1e-12)
    severity: Severity | None = "info" if ours - theirs < HARDLY else None
    return Evidence(
        errors > SURE,
        {"metric": best.validation_metric, "linear": linear, "errors": errors},
        f"validation {history.recipe.metric} is {best.validation_metric:.4g} at best, and a linear "
        f"model has {linear:.4g}: {errors:.1f} standard errors",
        "best evaluation",
        severity,
    )


DETECTORS = (
    Detector(
        name="one_batch_not_fitted",
        severity="block",
        order=2,
        about="the model cannot learn one small batch by heart",
        threshold="more than 5 % wrong (regression: 1 % of the variance left) after 40 steps at "
        "each of 3 rates, the loss no longer falling though the weights moved",
        source="Karpathy (2 examples), CS231n (20), TheDeepChecker (16; 5 %)",
        traps="rates all too low (must move the weights); equal inputs with different labels",
        look=one_batch_not_fitted,
        needs=PREFLIGHT,
    ),
    Detector(
        name="unlearnable_labels",
        severity="optimisation",
        order=1,
        about="the labels have nothing to do with the inputs",
        threshold="one batch fitted at this rate or a lower one, and at least 90 % of chance's "
        "loss left on the training set, not falling (p > 0.05), validation at chance",
        source="TheDeepChecker, corrupted labels",
        traps="rates that are too low (left out); hard tasks; heavy augmentation",
        look=unlearnable_labels,
        needs=("preflight", "train_loss", "chance_loss"),
    ),
    Detector(
        name="poor_initialization",
        severity="optimisation",
        order=4,
        about="the signal fades or grows from layer to layer",
        threshold="deviation over the examples, of activation layers: largest / smallest above 10",
        source="SageMaker Debugger PoorWeightInitialization (10)",
        traps="pretrained weights (left out); branches that start at zero",
        look=poor_initialization,
        needs=PREFLIGHT,
    ),
    Detector(
        name="weaker_than_linear",
        severity="optimisation",
        order=7,
        about="a linear model does better",
        threshold="best validation metric more than 3 standard errors below that of a ridge "
        "regression; only noted below 0.05 points",
        source="the project's; Karpathy's simple baselines",
        traps="few examples, for which linear is right",
        look=weaker_than_linear,
        needs=("preflight", "validation_metric"),
    ),
)
