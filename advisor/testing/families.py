"""One small model of every family, optimiser and loss: what the contract goes through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from advisor.recipe import LOSSES, ActivationKind, NormalizationKind, Task

TASKS: Mapping[str, Task] = {
    loss: task for task, losses in reversed(LOSSES.items()) for loss in losses
}
"""A task of each loss."""
NORMALIZATIONS: Sequence[NormalizationKind] = get_args(NormalizationKind)
ACTIVATIONS: Sequence[ActivationKind] = get_args(ActivationKind)
VECTOR, IMAGE, TEXT = (6,), (7, 6, 2), (6,)
VOCABULARY = 7


@dataclass(frozen=True)
class Family:
    """A model, and the examples it is for."""

    changes: Mapping[str, Any]
    shape: tuple[int, ...] = VECTOR
    vocabulary: int = 0
    task: Task = "classification"


def _of(kind: str, **fields: Any) -> dict[str, Any]:
    return {"model.kind": kind, **{f"model.{name}": value for name, value in fields.items()}}


_TRANSFORMER = {"units": 8, "heads": 2, "layers": 1, "feedforward": 12}
FAMILIES: Mapping[str, Family] = {
    "mlp": Family(_of("mlp", hidden=(8,), normalization="layer")),
    "mlp-residual": Family(
        _of("mlp", hidden=(6, 6, 7, 7), normalization="layer", residual=True),
    ),
    "cnn": Family(_of("cnn", channels=(3, 4), hidden=(5,), normalization="layer"), IMAGE),
    "cnn-average": Family(
        _of(
            "cnn",
            channels=(4,),
            convolutions=2,
            kernel_size=5,
            stride=2,
            pooling="average",
            head="average",
            hidden=(),
            normalization="layer",
        ),
        IMAGE,
    ),
    "resnet": Family(_of("resnet", channels=(4, 6), normalization="layer"), IMAGE),
    "resnet-pre": Family(
        _of("resnet", channels=(4,), order="pre", hidden=(5,), normalization="layer"), IMAGE
    ),
    "rnn": Family(_of("rnn", units=5, embedding=4, hidden=(6,)), TEXT, VOCABULARY),
    "rnn-gru": Family(_of("rnn", cell="gru", units=5, layers=2, normalization="layer"), IMAGE),
    "transformer": Family(_of("transformer", **_TRANSFORMER), TEXT, VOCABULARY),
    "language_model": Family(
        _of("transformer", **_TRANSFORMER, order="post", positions="sinusoidal"),
        TEXT,
        VOCABULARY,
        "language_model",
    ),
    "language_model-rnn": Family(
        _of("rnn", cell="gru", units=5, embedding=4, readout="mean"),
        TEXT,
        VOCABULARY,
        "language_model",
    ),
}
"""Layer normalisations and activations of the first six give way to all kinds in turn."""
VARIED = ("mlp", "cnn", "resnet")
STEPPED = [name for name in FAMILIES if name not in ("resnet-pre", "language_model-rnn")]
"""Those that the contract trains; the others are made of the same layers."""

_L2, _DECAY = {"regularization.l2": 0.01}, {"regularization.weight_decay": 0.1}
_HANDOVER = {"optimizer.handover": {"lr": 0.05, "momentum": 0.9, "nesterov": True}}
OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {
    "sgd": {"optimizer.kind": "sgd"},
    "momentum": {"optimizer.kind": "sgd", "optimizer.momentum": 0.9},
    "nesterov": {
        "optimizer.kind": "sgd",
        "optimizer.momentum": 0.9,
        "optimizer.nesterov": True,
        **_L2,
    },
    "clipped": {"optimizer.kind": "sgd", "optimizer.clip_norm": 0.1, **_L2},
    "l1": {"optimizer.kind": "sgd", "regularization.l1": 0.01, **_L2},
    "rmsprop": {"optimizer.kind": "rmsprop", "optimizer.alpha": 0.9},
    "rmsprop-momentum": {"optimizer.kind": "rmsprop", "optimizer.momentum": 0.9, **_L2},
    "adagrad": {"optimizer.kind": "adagrad", **_L2},
    "adam": {"optimizer.kind": "adam", "optimizer.eps": 1e-3, **_L2},
    "adamw": {"optimizer.kind": "adamw", **_DECAY},
    "nadam": {"optimizer.kind": "nadam", "optimizer.momentum_decay": 0.02, **_DECAY},
    "lion": {"optimizer.kind": "lion", **_DECAY},
    "adam-handover": {"optimizer.kind": "adam", **_L2, **_HANDOVER},
    "adamw-handover": {"optimizer.kind": "adamw", **_DECAY, **_HANDOVER, "optimizer.clip_norm": 1},
}
RATES = {
    "sgd": 0.1,
    "rmsprop": 0.01,
    "adagrad": 0.1,
    "adam": 0.01,
    "adamw": 0.01,
    "nadam": 0.01,
    "lion": 0.003,
}
"""Learning rates at which small jobs learn within a few dozen steps."""


@dataclass(frozen=True)
class LossCase:
    task: Task
    changes: Mapping[str, Any]
    weights: tuple[float, ...] | None = None
    """target_weights"""


_FOCAL = {"loss.kind": "focal", "loss.gamma": 1.5}
_SMOOTH = {"regularization.label_smoothing": 0.2}
_GRU = {"model.kind": "rnn", "model.cell": "gru"}
_BY_CLASS = (0.5, 1.0, 2.0)
LOSS_CASES: Mapping[str, LossCase] = {
    "cross_entropy": LossCase("classification", {}),
    "cross_entropy-weighted": LossCase("classification", {}, _BY_CLASS),
    "cross_entropy-smoothed": LossCase("classification", _SMOOTH),
    "cross_entropy-smoothed-weighted": LossCase("classification", _SMOOTH, _BY_CLASS),
    "focal": LossCase("classification", _FOCAL),
    "focal-weighted": LossCase("classification", _FOCAL, _BY_CLASS),
    "binary": LossCase("binary", {}),
    "binary-weighted": LossCase("binary", {}, (3.0,)),
    "binary-focal": LossCase("binary", _FOCAL),
    "binary-focal-weighted": LossCase("binary", _FOCAL, (3.0,)),
    "multilabel": LossCase("multilabel", {}),
    "multilabel-weighted": LossCase("multilabel", {}, _BY_CLASS),
    "multilabel-focal-weighted": LossCase("multilabel", _FOCAL, _BY_CLASS),
    "mse": LossCase("regression", {"loss.kind": "mse"}),
    "mae": LossCase("regression", {"loss.kind": "mae"}),
    "huber": LossCase("regression", {"loss.kind": "huber", "loss.delta": 0.5}),
    "language_model": LossCase("language_model", _GRU),
    "language_model-smoothed": LossCase("language_model", {**_GRU, **_SMOOTH}),
}
