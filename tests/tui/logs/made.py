"""The lines of a diagnosis that was made up."""

from __future__ import annotations

import math
from typing import Any


def curves(entries: int = 30) -> dict[str, Any]:
    x = [float(n) for n in range(1, entries + 1)]
    fall = [2.3 * math.exp(-n / 8) for n in range(entries)]
    rise = [0.3 + value + 0.02 * max(0, n - 12) for n, value in enumerate(fall)]
    return {
        "event": "curves",
        "axis": "epoch",
        "curves": [
            {"name": "train_loss", "x": x, "y": fall},
            {"name": "validation_loss", "x": x, "y": rise},
            {"name": "validation_metric/accuracy", "x": x, "y": [1 - v / 3 for v in rise]},
            {"name": "lr", "x": x, "y": [1e-3] * entries},
        ],
    }


OVERFITTING = {
    "event": "finding",
    "symptom": "overfitting",
    "severity": "generalisation",
    "about": "the model fits the training examples better than it fits others",
    "reads": "validation loss rose by 18 % over its best while training loss fell",
    "window": "epochs 13 to 30",
    "first": "Stop where validation was best",
    "rule": "early-stopping-when-overfitting",
    "change": {"early_stopping.patience": [None, 5]},
    "why": "What is learned after the best evaluation does not carry over.",
    "expect": "The best weights are kept and epochs are saved.",
    "unless": ["The metric still rises."],
    "references": ["Prechelt (1998), Early stopping - but when?"],
    "others": [{"first": "Add dropout"}],
}
GAP = {
    "event": "finding",
    "symptom": "train_validation_gap",
    "severity": "info",
    "explained_by": "overfitting",
    "about": "training and validation are far apart",
    "reads": "loss 0.06 on training, 0.70 on validation",
}
SUMMARY = {
    "event": "summary",
    "entries": 30,
    "entry": "epoch",
    "task": "classification",
    "metric": "accuracy",
    "clear": ["divergence", "plateau", "oscillation"],
    "not_told": {"grad_norm": ["vanishing_gradients"], "layers": ["dead_units"]},
    "notes": [{"kind": "steps", "text": "steps were counted: the log has none"}],
}


def whole() -> list[dict[str, Any]]:
    return [curves(), OVERFITTING, GAP, SUMMARY]
