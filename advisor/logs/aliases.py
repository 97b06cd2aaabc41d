"""Names as people write them, in lower case with words joined by `_`."""

from __future__ import annotations

import re
from collections.abc import Mapping

STEPS = (
    "global_step",
    "trainer_global_step",
    "train_global_step",
    "step",
    "steps",
    "num_steps",
    "iteration",
    "iterations",
    "iter",
    "iters",
    "n_iter",
    "it",
    "update",
    "updates",
    "num_updates",
    "batch",
    "batch_idx",
)
"""Here and below those that come first are believed first."""
EPOCHS = ("epoch", "epochs", "current_epoch", "train_epoch", "trainer_epoch", "epoch_num", "ep")
SECONDS = (
    "seconds",
    "elapsed",
    "elapsed_seconds",
    "elapsed_time",
    "time_elapsed",
    "wall_time",
    "walltime",
    "relative_time",
    "runtime",
    "total_time",
    "time",
    "timestamp",
)
GRAD_NORMS = (
    "grad_norm",
    "gradient_norm",
    "gradients_norm",
    "gradnorm",
    "gnorm",
    "global_grad_norm",
    "total_grad_norm",
    "grad_norm_total",
    "grad_norm_global",
    "grad_2_norm_total",
    "grad_2_0_norm_total",
    "global_norm",
    "train_grad_norm",
    "train_gradient_norm",
    "norm_grad",
)
LOSSES = (
    "loss",
    "total_loss",
    "loss_total",
    "cost",
    "objective",
    "nll",
    "nll_loss",
    "ce",
    "ce_loss",
    "cross_entropy",
    "cross_entropy_loss",
    "crossentropy",
    "xent",
    "bce",
    "bce_loss",
    "mse_loss",
    "lm_loss",
)
SPLIT_WORDS = {
    "train": ("train", "training", "trn"),
    "validation": ("val", "valid", "validation", "eval", "evaluation", "dev"),
    "test": ("test", "testing", "holdout"),
}
METRIC_WORDS: Mapping[str, tuple[str, ...]] = {
    "accuracy": (
        "accuracy",
        "acc",
        "top1",
        "top1_acc",
        "top_1_accuracy",
        "acc1",
        "acc_1",
        "categorical_accuracy",
        "binary_accuracy",
        "sparse_categorical_accuracy",
    ),
    "balanced_accuracy": ("balanced_accuracy", "balanced_acc"),
    "f1": ("f1", "f1_score", "f1_macro", "macro_f1"),
    "roc_auc": ("roc_auc", "auc", "auroc"),
    "r2": ("r2", "r2_score"),
    "mae": ("mae", "mean_absolute_error"),
    "rmse": ("rmse", "root_mean_squared_error"),
    "mse": ("mse", "mean_squared_error"),
    "perplexity": ("perplexity", "ppl"),
    "precision": ("precision",),
    "recall": ("recall",),
    "error": ("error",),
    "bleu": ("bleu",),
    "wer": ("wer",),
    "iou": ("iou",),
    "dice": ("dice",),
}
METRICS = {alias: name for name, aliases in METRIC_WORDS.items() for alias in aliases}
NO_METRICS = re.compile(
    r"(^|_)(runtime|time|seconds?|samples|steps?|per_second|per_sec|flos|memory|mem|epoch|it|"
    r"iter|iteration|batch|size|num|count)(_|$)"
)
"""What is measured beside the training: speed and sizes."""
WRAPPERS = frozenset(
    ("epoch", "batch", "running", "avg", "mean", "average", "metrics", "metric", "scalars", "log")
)
SPANS = frozenset(("step", "epoch", "iter", "iteration", "batch"))
