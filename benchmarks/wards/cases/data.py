"""Faults of the data: scale, classes, labels and splits."""

from __future__ import annotations

from wards.case import Case
from wards.moves import down, off, on, to, up
from wards.names import FAILS, TIMID, UNSTABLE

_RAW = {"data.normalization": "none"}
_STANDARD = to("data.normalization", "standard")
_WEIGHTS = (
    *on("loss.positive_weight", "loss.class_weights"),
    *to("train.sampling", "balanced"),
    *to("loss.kind", "focal"),
)
_REGULARISE = (
    *up("regularization.dropout", "regularization.weight_decay", "regularization.l2"),
    *up("regularization.label_smoothing", "regularization.augmentation.noise"),
    *on("regularization.augmentation.mixup", "train.early_stopping"),
)

CASES = (
    Case(
        "3",
        "pixels from 0 to 255, not scaled",
        "colours",
        _RAW,
        causes=("unnormalized_input",),
        also=("initial_loss_off", "poor_initialization", "dead_units", *UNSTABLE, *FAILS),
        accepted=_STANDARD,
        must_not=down("optimizer.lr"),
    ),
    Case(
        "22",
        "99 negatives to 1 positive, judged by accuracy",
        "rare99",
        {"metric": "accuracy", "loss": {"kind": "binary_cross_entropy"}},
        causes=("class_imbalance", "prediction_collapse"),
        also=("loss_metric_disagree", "not_better_than_chance", "validation_too_small"),
        accepted=_WEIGHTS,
        cure=False,
    ),
    Case(
        "23",
        "10 negatives to 1 positive",
        "rare91",
        {"loss": {"kind": "binary_cross_entropy"}},
        causes=("class_imbalance",),
        also=("overfitting", "overtraining", "loss_metric_disagree", "validation_too_small"),
        accepted=_WEIGHTS,
    ),
    Case(
        "24",
        "a fifth of the validation rows are copies of training rows",
        "cancer",
        {"data.source": "npz:leak.npz"},
        causes=("leakage",),
        also=("validation_too_small",),
        must_not=_REGULARISE,
    ),
    Case(
        "25",
        "rows of one group on both sides of a random split",
        "grouped",
        {"data.split": "random"},
        causes=("leakage",),
        also=("validation_too_small",),
        must_not=_REGULARISE,
        cure=False,
    ),
    Case(
        "40",
        "a twentieth of the targets twenty times too large, squared error",
        "outliers",
        {"loss": {"kind": "mse"}},
        causes=(
            "target_outliers",
            "loss_spikes",
            "exploding_gradients",
            "loss_metric_disagree",
        ),
        also=("loss_oscillation", "overfitting", "overtraining", "split_mismatch", *FAILS),
        accepted=(*to("loss.kind", "huber", "mae"), *on("optimizer.clip_norm")),
    ),
    Case(
        "46",
        "labels permuted: there is nothing to learn",
        "digits",
        {"data.source": "npz:digits-permuted.npz"},
        causes=("unlearnable_labels", "not_better_than_chance"),
        also=("overfitting", "overtraining", "overconfidence", *FAILS),
        must_not=up("model.hidden", "train.epochs"),
        cure=False,
    ),
    Case(
        "47",
        "30 % of the training labels are wrong",
        "digits-noisy",
        {"regularization.dropout": 0.0, "regularization.label_smoothing": 0.0, "train.epochs": 60},
        causes=("overtraining", "overfitting"),
        also=("split_mismatch", "budget_too_long", "overconfidence", "underfitting"),
        accepted=(*_REGULARISE, *down("train.epochs")),
        must_not=up("model.hidden"),
    ),
    Case(
        "57",
        "tanh over inputs twenty times too large",
        "digits-pixels",
        _RAW,
        causes=("saturated_units", "unnormalized_input"),
        also=("vanishing_gradients", "poor_initialization", *TIMID, *FAILS),
        accepted=_STANDARD,
    ),
    Case(
        "58",
        "60 validation examples",
        "few-validate",
        causes=("validation_too_small",),
        also=("overfitting", "overtraining", "overconfidence", "still_improving"),
        cure=False,
    ),
    Case(
        "62",
        "classes 20 to 1, judged by F1",
        "shapes-rare",
        {"loss": {"kind": "cross_entropy"}},
        causes=("class_imbalance", "loss_metric_disagree"),
        also=("validation_too_small", "overfitting", "underfitting"),
        accepted=_WEIGHTS,
    ),
    Case(
        "66",
        "features from 0.1 to 1680, not scaled",
        "wine",
        _RAW,
        causes=("unnormalized_input",),
        also=("initial_loss_off", "poor_initialization", "dead_units", *UNSTABLE, *FAILS),
        accepted=_STANDARD,
    ),
    Case(
        "68",
        "3 of the 10 classes are missing from training",
        "digits-clean",
        {"data.source": "npz:digits-seven.npz"},
        causes=("split_mismatch",),
        also=("overfitting", "overtraining", "overconfidence", "leakage"),
        refusal="class",
        cure=False,
    ),
    Case(
        "80",
        "class weights and a balanced sampler at once",
        "rare91",
        {"train.sampling": "balanced"},
        causes=("class_imbalance", "loss_metric_disagree"),
        also=("overfitting", "overtraining", "validation_too_small"),
        accepted=(*to("train.sampling", "shuffle"), *off("loss.positive_weight")),
        must_not=to("loss.kind", "focal"),
    ),
)
