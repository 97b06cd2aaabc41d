"""Faults of the step: rates, momentum, batches, clipping."""

from __future__ import annotations

from wards.case import Case
from wards.moves import Move, down, off, on, to, up
from wards.names import FAILS, TIMID, UNSTABLE

_SLOWER = (*down("optimizer.lr"), *on("optimizer.clip_norm"))
_ARCHITECTURE = (
    *to("model.kind", "resnet", "cnn", "mlp"),
    *up("model.hidden", "model.channels"),
    *down("model.hidden", "model.channels"),
)
_REGULARISE = (*up("regularization.dropout", "regularization.weight_decay", "regularization.l2"),)
_WILD = (*FAILS, *UNSTABLE, "dead_units", "late_variance", "warmup_needed", "suspicious_values")
_SLOW = (*FAILS, *TIMID, "suspicious_values")
_PLAIN_SGD = {"kind": "sgd", "lr": 1e-5}
_ANOTHER = to("optimizer.kind", "adam", "adamw", "rmsprop", "nadam")
_BN_OFF: tuple[Move, ...] = to("model.normalization", "group", "layer", "none")

CASES = (
    Case(
        "1",
        "SGD a hundred times too fast",
        "shapes",
        {"optimizer.lr": 5.0},
        causes=("non_finite", "divergence", "update_ratio_high"),
        also=_WILD,
        accepted=down("optimizer.lr"),
        must_not=_REGULARISE,
    ),
    Case(
        "2",
        "Adam at 0.1",
        "shapes-adam",
        {"optimizer.lr": 0.1},
        causes=("divergence", "loss_oscillation", "no_learning", "dead_units", "update_ratio_high"),
        also=_WILD,
        accepted=down("optimizer.lr"),
        must_not=_ARCHITECTURE,
    ),
    Case(
        "11",
        "Adam at 1e-7",
        "digits",
        {"optimizer.lr": 1e-7},
        causes=("no_learning", "slow_learning", "update_ratio_low", "suspicious_values"),
        also=_SLOW,
        accepted=up("optimizer.lr"),
        must_not=(*up("train.epochs"), *_ARCHITECTURE),
    ),
    Case(
        "12",
        "SGD without momentum at 1e-5",
        "shapes",
        {"optimizer": _PLAIN_SGD},
        causes=("slow_learning", "no_learning", "update_ratio_low"),
        also=_SLOW,
        accepted=(*up("optimizer.lr", "optimizer.momentum"), *_ANOTHER),
    ),
    Case(
        "14",
        "batches of one",
        "shapes",
        {"train.batch_size": 1, "train.epochs": 5},
        causes=("batch_too_small", "loss_oscillation"),
        also=(*_WILD, "input_bound", "still_improving"),
        accepted=up("train.batch_size"),
    ),
    Case(
        "15",
        "batch normalisation over two examples",
        "shapes-bn",
        {"train.batch_size": 2, "train.epochs": 5},
        causes=("batch_norm_small_batch",),
        also=(*_WILD, "batch_too_small", "mode_mismatch", "train_below_validation"),
        accepted=(*up("train.batch_size"), *_BN_OFF),
    ),
    Case(
        "16",
        "the whole training set as one batch",
        "shapes",
        {"train.batch_size": 600, "train.epochs": 20},
        causes=("batch_too_large", "slow_learning"),
        also=(*FAILS, *TIMID),
        accepted=(*down("train.batch_size"), *up("train.epochs")),
        must_not=_ARCHITECTURE,
    ),
    Case(
        "35",
        "post-norm transformer of six layers at 0.02 without warm-up",
        "sentences",
        {
            "model.order": "post",
            "model.layers": 6,
            "optimizer.lr": 0.02,
            "schedule": {"kind": "constant"},
        },
        causes=("warmup_needed", "loss_spikes", "divergence"),
        also=_WILD,
        accepted=(*up("schedule.warmup"), *to("model.order", "pre"), *on("optimizer.clip_norm")),
    ),
    Case(
        "36",
        "Adam's eps at 1",
        "chain",
        {"optimizer.eps": 1.0},
        causes=("suspicious_values", "slow_learning"),
        also=_SLOW,
        accepted=down("optimizer.eps"),
    ),
    Case(
        "37",
        "momentum 0.99 at a rate of 0.1",
        "shapes",
        {"optimizer.lr": 0.1, "optimizer.momentum": 0.99},
        causes=("loss_oscillation", "divergence", "update_ratio_high"),
        also=_WILD,
        accepted=down("optimizer.momentum", "optimizer.lr"),
    ),
    Case(
        "44",
        "six ReLU layers, Adam at 0.1",
        "table2-deep",
        {"optimizer.lr": 0.1},
        causes=("dead_units", "no_learning"),
        also=_WILD,
        accepted=(*_SLOWER, *to("model.activation", "leaky_relu", "gelu", "elu", "selu", "silu")),
    ),
    Case(
        "67",
        "gradients clipped to a norm of 0.001",
        "shapes",
        {"optimizer.clip_norm": 0.001},
        causes=("clipping_overload",),
        also=(*_SLOW, "regularization_overwhelms"),
        accepted=(*up("optimizer.clip_norm", "optimizer.lr"), *off("optimizer.clip_norm")),
    ),
    Case(
        "73",
        "RMSprop at 0.1",
        "table2-rmsprop",
        {"optimizer.lr": 0.1},
        causes=("divergence", "loss_oscillation", "update_ratio_high", "dead_units"),
        also=_WILD,
        accepted=down("optimizer.lr"),
    ),
    Case(
        "79",
        "batches of 64 in sixteen portions, batch normalisation",
        "shapes-bn",
        {"train.batch_size": 64, "train.accumulation": 16},
        causes=("batch_norm_small_batch",),
        also=("mode_mismatch", "train_below_validation", "still_improving"),
        accepted=(*_BN_OFF, *down("train.accumulation")),
    ),
)
