"""Faults of the schedule and of how long the training lasts."""

from __future__ import annotations

from wards.case import Case
from wards.moves import away, down, off, on, to, up
from wards.names import FAILS, TIMID

_CUT = {"kind": "step", "gamma": 1e-3}
_LONGER_RATE = (
    *away("schedule.kind", "step"),
    *up("schedule.gamma", "schedule.milestones"),
)
_CAPACITY = up("model.hidden", "model.channels")
_REGULARISE = (*up("regularization.dropout", "regularization.weight_decay", "regularization.l2"),)

CASES = (
    Case(
        "20",
        "early stopping after one evaluation, 100 validation examples",
        "shapes-few-validate",
        {"train.early_stopping": {"patience": 1}},
        causes=("stopped_too_early",),
        also=("validation_too_small", "still_improving", "underfitting", *TIMID),
        accepted=(*up("train.early_stopping.patience"), *off("train.early_stopping")),
        must_not=_REGULARISE,
    ),
    Case(
        "32",
        "the rate is gone after a fifteenth of the run",
        "shapes",
        {"schedule": {**_CUT, "milestones": [0.067]}},
        causes=("decay_too_early",),
        also=(*FAILS, *TIMID),
        accepted=_LONGER_RATE,
        must_not=_CAPACITY,
    ),
    Case(
        "33",
        "a tenth of the rate at each of the first steps",
        "shapes",
        {"schedule": {"kind": "step", "gamma": 0.1, "milestones": [0.005, 0.01, 0.015, 0.02]}},
        causes=("decay_too_early",),
        also=(*FAILS, *TIMID),
        accepted=_LONGER_RATE,
    ),
    Case(
        "34",
        "warm-up over half of a training that is short",
        "shapes",
        {"schedule": {"kind": "constant", "warmup": 0.5}, "optimizer.lr": 0.01, "train.epochs": 6},
        causes=("warmup_too_long",),
        also=(*FAILS, *TIMID, "batch_too_large"),
        accepted=(*down("schedule.warmup"), *to("schedule.kind", "cosine", "one_cycle")),
    ),
    Case(
        "59",
        "a constant rate to the end",
        "shapes",
        {"schedule": {"kind": "constant"}, "optimizer.lr": 0.05, "train.epochs": 25},
        causes=("late_variance", "loss_oscillation"),
        also=(*FAILS, "loss_spikes", "exploding_gradients", "overconfidence", "dead_units"),
        accepted=(*away("schedule.kind", "constant"), *on("regularization.average")),
    ),
    Case(
        "60",
        "only two epochs",
        "shapes",
        {"train.epochs": 2},
        causes=("still_improving",),
        also=(*FAILS, *TIMID, "batch_too_large"),
        accepted=up("train.epochs"),
        must_not=_REGULARISE,
    ),
    Case(
        "61",
        "far too many epochs, no early stopping",
        "digits150",
        {"train.epochs": 600, "regularization.dropout": 0.0, "optimizer.lr": 3e-3},
        causes=("budget_too_long", "overtraining"),
        also=("overfitting", "overconfidence", "validation_plateau"),
        accepted=(
            *down("train.epochs"),
            *on("train.early_stopping"),
            *_REGULARISE,
            *on("regularization.augmentation.noise", "regularization.augmentation.mixup"),
            *up("regularization.label_smoothing"),
        ),
        cure=False,
    ),
)
