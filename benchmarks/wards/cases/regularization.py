"""Too much that should hold overfitting down."""

from __future__ import annotations

from wards.case import Case
from wards.moves import down, to, up
from wards.names import FAILS, HELD_DOWN, TIMID

_RATES = (*up("optimizer.lr"), *down("optimizer.lr"))
_CAPACITY = (*up("model.hidden", "model.channels"), *to("model.kind", "resnet"))
_TRUE = (*FAILS, *TIMID, *HELD_DOWN, "train_below_validation", "suspicious_values", "loss_floor")

CASES = (
    Case(
        "13",
        "label smoothing 0.6",
        "table5",
        {"regularization.label_smoothing": 0.6},
        causes=("suspicious_values", "over_regularized", "underfitting"),
        also=_TRUE,
        accepted=down("regularization.label_smoothing"),
        must_not=_RATES,
    ),
    Case(
        "17",
        "L2 penalty of 0.5",
        "shapes",
        {"regularization.l2": 0.5},
        causes=("regularization_overwhelms", "over_regularized"),
        also=(*_TRUE, "dead_units", "vanishing_gradients"),
        accepted=down("regularization.l2"),
        must_not=_RATES,
    ),
    Case(
        "18",
        "decoupled weight decay of 10",
        "table2-adamw",
        {"regularization.weight_decay": 10.0},
        causes=("regularization_overwhelms", "over_regularized"),
        also=_TRUE,
        accepted=down("regularization.weight_decay"),
    ),
    Case(
        "19",
        "dropout 0.9",
        "shapes",
        {"regularization.dropout": 0.9},
        causes=("over_regularized", "train_below_validation", "suspicious_values"),
        also=_TRUE,
        accepted=down("regularization.dropout"),
        must_not=_CAPACITY,
    ),
    Case(
        "38",
        "Adam with a coupled L2 penalty of 1",
        "shapes-adam",
        {"regularization.l2": 1.0},
        causes=("regularization_overwhelms", "over_regularized"),
        also=(*_TRUE, "dead_units", "vanishing_gradients"),
        accepted=(*down("regularization.l2"), *to("optimizer.kind", "adamw")),
    ),
    Case(
        "65",
        "mixup, label smoothing and dropout all strong",
        "shapes",
        {
            "regularization.augmentation": {"mixup": 1.0},
            "regularization.label_smoothing": 0.3,
            "regularization.dropout": 0.5,
        },
        causes=("over_regularized",),
        also=_TRUE,
        accepted=down(
            "regularization.augmentation.mixup",
            "regularization.label_smoothing",
            "regularization.dropout",
        ),
    ),
)
