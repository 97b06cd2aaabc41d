"""Faults of how weights start and of the architecture."""

from __future__ import annotations

from wards.case import Case
from wards.moves import away, down, off, on, to, up
from wards.names import FAILS, TIMID, UNSTABLE
from wards.twins import own

_RATES = (*up("optimizer.lr"), *down("optimizer.lr"))
_NORMALISE = to("model.normalization", "batch", "layer", "group")
_MORE_EPOCHS = up("train.epochs")
_REGULARISE = (
    *up("regularization.dropout", "regularization.weight_decay", "regularization.l2"),
    *up("regularization.label_smoothing"),
)
_LARGER = (*up("model.hidden", "model.channels", "model.convolutions"), *to("model.kind", "resnet"))
_SMOOTH = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu")
_DEEP_SIGMOID = {
    "model.hidden": [64] * 8,
    "model.activation": "sigmoid",
    "optimizer": {"kind": "sgd", "lr": 0.01},
}
_RECURRENT = {"optimizer": {"kind": "sgd", "lr": 0.1}}

CASES = (
    Case(
        "4",
        "eight sigmoid layers, SGD 0.01",
        "table2",
        _DEEP_SIGMOID,
        causes=("vanishing_gradients", "no_learning"),
        also=(*FAILS, *TIMID, "poor_initialization", "loss_floor", "layer_imbalance"),
        accepted=(*to("model.activation", *_SMOOTH), *_NORMALISE),
        must_not=_MORE_EPOCHS,
    ),
    Case(
        "6",
        "all weights zero",
        "digits",
        {"initialization.kind": "zeros"},
        causes=("symmetric_initialization",),
        also=(*FAILS, "poor_initialization", "loss_floor", "input_ignored", "vanishing_gradients"),
        accepted=away("initialization.kind", "zeros"),
        must_not=_RATES,
    ),
    Case(
        "7",
        "all weights 0.5",
        "digits",
        {"initialization.kind": "constant", "initialization.gain": 0.5},
        causes=("symmetric_initialization",),
        also=(*FAILS, *UNSTABLE, "poor_initialization", "initial_loss_off", "dead_units"),
        accepted=away("initialization.kind", "constant"),
    ),
    Case(
        "8",
        "initial weights ten times too large",
        "shapes",
        {"initialization.gain": 10.0},
        causes=("poor_initialization", "initial_loss_off", "exploding_gradients"),
        also=(*FAILS, *UNSTABLE, "dead_units", "layer_imbalance"),
        accepted=(*down("initialization.gain"), *_NORMALISE),
    ),
    Case(
        "9",
        "six layers, initial weights a thousand times too small",
        "table2-deep",
        {"initialization.gain": 1e-3},
        causes=("poor_initialization", "vanishing_gradients", "no_learning"),
        also=(*FAILS, *TIMID, "loss_floor", "update_ratio_high", "input_ignored"),
        accepted=(*up("initialization.gain"), *_NORMALISE),
    ),
    Case(
        "26",
        "a linear model of spirals",
        "spirals",
        {"model.hidden": []},
        causes=("underfitting", "missing_nonlinearity"),
        also=(*FAILS, "validation_plateau", "unlearnable_labels"),
        accepted=_LARGER,
        must_not=_REGULARISE,
    ),
    Case(
        "27",
        "two channels and four hidden units",
        "colours",
        {"model.channels": [2], "model.hidden": [4]},
        causes=("underfitting",),
        also=(*FAILS, *TIMID, "dead_units"),
        accepted=_LARGER,
        must_not=_REGULARISE,
    ),
    Case(
        "28",
        "150 examples, four layers of 256",
        "digits150",
        {"model.hidden": [256] * 4, "regularization.dropout": 0.0},
        causes=("overfitting", "overtraining"),
        also=("overconfidence", "budget_too_long", "batch_too_large", "validation_plateau"),
        accepted=(
            *_REGULARISE,
            *on("regularization.augmentation.noise", "regularization.augmentation.mixup"),
            *on("train.early_stopping"),
            *down("model.hidden"),
        ),
        must_not=_LARGER,
        cure=False,
    ),
    Case(
        "29",
        "a plain recurrent cell that amplifies, SGD 0.1, no clipping",
        "memory",
        # the rulebook's is 1.5 over 100 steps; these sequences have 12
        {"model": own("Recurrent", scale=2.0), **_RECURRENT},
        causes=("exploding_gradients", "non_finite", "divergence"),
        also=(*FAILS, *UNSTABLE, "warmup_needed", "poor_initialization", "layer_imbalance"),
        accepted=(*on("optimizer.clip_norm"), *down("optimizer.lr")),
    ),
    Case(
        "30",
        "a plain recurrent cell that forgets",
        "memory",
        {"model": own("Recurrent", scale=0.2), **_RECURRENT},
        causes=("vanishing_gradients", "no_learning"),
        also=(*FAILS, *TIMID, "poor_initialization", "layer_imbalance"),
        cure=False,
    ),
    Case(
        "55",
        "strides and kernels for large pictures on small ones",
        "colours",
        {"model.stride": 2, "model.kernel_size": 7, "model.channels": [8, 16]},
        causes=("underfitting",),
        also=(*TIMID, "overfitting", "overtraining"),
        accepted=(*down("model.stride", "model.kernel_size"), *to("model.pooling", "none")),
    ),
    Case(
        "56",
        "forty layers without links or normalisation, SGD",
        "table2",
        {"model.hidden": [24] * 40, "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9}},
        causes=("vanishing_gradients", "no_learning"),
        also=(*FAILS, *UNSTABLE, *TIMID, "poor_initialization", "layer_imbalance", "dead_units"),
        accepted=(*_NORMALISE, *on("model.residual"), *down("model.hidden")),
        must_not=_MORE_EPOCHS,
    ),
    Case(
        "64",
        "digits turned upside down and mirrored",
        "digits-cnn",
        {"regularization.augmentation": {"flip": True, "rotation": 180.0}},
        causes=("underfitting", "over_regularized"),
        also=("train_below_validation", *TIMID),
        accepted=(
            *off("regularization.augmentation.flip"),
            *down("regularization.augmentation.rotation"),
        ),
    ),
)
