"""Several faults at once: what has to be treated first."""

from __future__ import annotations

from wards.case import Case
from wards.moves import away, down, off, on, to, up
from wards.names import FAILS, TIMID, UNSTABLE
from wards.twins import own

_RATES = (*up("optimizer.lr"), *down("optimizer.lr"))
_REGULARISE = (
    *up("regularization.dropout", "regularization.weight_decay", "regularization.l2"),
    *up("regularization.label_smoothing"),
)
_HELD = ("over_regularized", "train_below_validation", "suspicious_values")
_OVERFITS = ("overfitting", "overtraining", "overconfidence", "budget_too_long")
_SMALL_BATCHES = ("batch_too_small", "mode_mismatch", "dead_units", "train_below_validation")
_LARGER = up("model.hidden", "model.channels")

CASES = (
    Case(
        "C1",
        "raw pixels, a rate ten times too high, dropout 0.5",
        "colours",
        {"data.normalization": "none", "optimizer.lr": 0.03, "regularization.dropout": 0.5},
        causes=("unnormalized_input",),
        also=(*FAILS, *UNSTABLE, "initial_loss_off", "poor_initialization", "dead_units", *_HELD),
        accepted=to("data.normalization", "standard"),
    ),
    Case(
        "C2",
        "softmax twice and Adam at 1e-5",
        "digits-own",
        {"model": own("Plain", fault="softmax"), "optimizer.lr": 1e-5},
        causes=("output_contract", "loss_floor"),
        also=(*FAILS, *TIMID, "one_batch_not_fitted", "suspicious_values"),
        must_not=_RATES,
    ),
    Case(
        "C3",
        "deep sigmoid network with weights of deviation 1",
        "table2",
        {
            "model.hidden": [64] * 6,
            "model.activation": "sigmoid",
            "initialization.kind": "xavier_normal",
            "initialization.gain": 8.0,
        },
        causes=(
            "saturated_units",
            "vanishing_gradients",
            "poor_initialization",
            "initial_loss_off",
        ),
        also=(*FAILS, *TIMID, *UNSTABLE, "layer_imbalance"),
        accepted=(
            *to("model.activation", "relu", "leaky_relu", "elu", "gelu", "silu"),
            *down("initialization.gain"),
            *to("model.normalization", "batch", "layer"),
        ),
        must_not=_RATES,
    ),
    Case(
        "C4",
        "leakage and overfitting",
        "cancer",
        {"data.source": "npz:leak.npz", "model.hidden": [256, 256], "train.epochs": 60},
        causes=("leakage",),
        also=(*_OVERFITS, "validation_too_small"),
        must_not=_REGULARISE,
    ),
    Case(
        "C5",
        "a linear model, and 15 % wrong labels",
        "noisy-spirals",
        {"model.hidden": []},
        causes=("underfitting", "missing_nonlinearity"),
        also=(*FAILS, "validation_plateau", "unlearnable_labels"),
        accepted=_LARGER,
        must_not=_REGULARISE,
    ),
    Case(
        "C6",
        "batch normalisation over four examples at the rate of a large batch",
        "shapes-bn",
        {"train.batch_size": 4, "optimizer.lr": 0.2, "train.epochs": 5},
        causes=("batch_norm_small_batch",),
        also=(*FAILS, *UNSTABLE, *_SMALL_BATCHES),
        accepted=(*up("train.batch_size"), *to("model.normalization", "group", "layer", "none")),
    ),
    Case(
        "C7",
        "99 to 1 counted twice: weights and sampler",
        "rare99",
        {"train.sampling": "balanced"},
        causes=("class_imbalance", "loss_metric_disagree"),
        also=(*_OVERFITS, "validation_too_small"),
        accepted=(*to("train.sampling", "shuffle"), *off("loss.positive_weight")),
    ),
    Case(
        "C8",
        "early stopping after one evaluation and a constant high rate",
        "shapes-few-validate",
        {
            "train.early_stopping": {"patience": 1},
            "schedule": {"kind": "constant"},
            "optimizer.lr": 0.05,
        },
        causes=("stopped_too_early",),
        also=("validation_too_small", "still_improving", "underfitting", "late_variance"),
        accepted=(*up("train.early_stopping.patience"), *off("train.early_stopping")),
        must_not=away("schedule.kind", "constant"),
    ),
    Case(
        "C9",
        "underfitting and a gap: a small network at a low rate on few examples",
        "digits150",
        {"model.hidden": [8], "optimizer.lr": 3e-4, "regularization.dropout": 0.0},
        causes=("underfitting", "slow_learning"),
        also=(*FAILS, *TIMID, "overfitting", "batch_too_large"),
        accepted=(*_LARGER, *up("optimizer.lr", "train.epochs")),
        must_not=_REGULARISE,
    ),
    Case(
        "C10",
        "warm-up needed and everything clipped",
        "sentences",
        {
            "model.order": "post",
            "model.layers": 6,
            "optimizer.lr": 0.02,
            "optimizer.clip_norm": 0.01,
            "schedule": {"kind": "constant"},
        },
        causes=("warmup_needed", "clipping_overload"),
        also=(*FAILS, *UNSTABLE, "dead_units"),
        accepted=(
            *on("schedule.warmup"),
            *up("optimizer.clip_norm"),
            *off("optimizer.clip_norm"),
        ),
    ),
)
