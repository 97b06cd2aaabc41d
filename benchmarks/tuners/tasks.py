"""Tasks, each with a usual recipe and with starts in which something is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.recipe import Recipe

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
"""Real data beside the project; tasks that need a file which is not there are left out."""

Changes = Mapping[str, Any]
Method = Literal["advisor", "random", "tpe", "hyperband"]

SICK: dict[str, Changes] = {
    "rate too low": {"optimizer.lr": 1e-5},
    "rate too high": {"optimizer.lr": 0.3},
    "slow sgd": {"optimizer.kind": "sgd", "optimizer.lr": 1e-3},
    "over-regularised": {"regularization.dropout": 0.8, "regularization.l2": 0.03},
    "deep sigmoid": {
        "model.activation": "sigmoid",
        "initialization.kind": "xavier_normal",
        "optimizer.lr": 1e-4,
    },
}
"""What is wrong; the usual recipe has none of it. Only the last is beyond what the searches may
change, and shows what it is worth that advice is not held to a space."""


@dataclass(frozen=True)
class Task:
    """One data set and model."""

    name: str
    recipe: Changes
    starts: Mapping[str, Changes]
    seeds: int = 3
    equivalents: int = 1000
    """full trainings at most that each method may spend"""
    file: str = ""
    """in `DATA`; empty: the data come with scikit-learn"""
    weight: float = 1.0
    """seconds of one training, roughly; the dear ones are begun first"""
    without: tuple[Method, ...] = ()
    """methods that it is too dear for"""

    @property
    def there(self) -> bool:
        return not self.file or (DATA / self.file).exists()

    def start(self, name: str, seed: int) -> Recipe:
        """The recipe that tuning starts from."""
        whole = Recipe.model_validate_json(json.dumps(dict(self.recipe) | {"name": self.name}))
        return whole.changed({**self.starts[name], "train.seed": seed})


def _table(
    source: str, task: str, hidden: Sequence[int], epochs: int, batch: int = 32, **more: Any
) -> dict[str, Any]:
    return {
        "task": task,
        "data": {"source": source},
        "model": {"kind": "mlp", "hidden": list(hidden)},
        "optimizer": {"kind": "adam", "lr": 1e-3},
        "train": {"batch_size": batch, "epochs": epochs},
        **more,
    }


CNN = {
    "kind": "cnn",
    "channels": [16, 32],
    "hidden": [64],
}
SIMPLE_CNN = {
    "task": "classification",
    "data": {"source": f"npz:{DATA / 'cifar10-small.npz'}"},
    "model": {
        "kind": "cnn",
        "channels": [32, 64, 128],
        "hidden": [512],
        "normalization": "batch",
    },
    "optimizer": {"kind": "adam", "lr": 1e-3},
    "schedule": {"kind": "plateau", "factor": 0.5, "patience": 3},
    "regularization": {"dropout": 0.5, "augmentation": {"flip": True, "crop": 4}},
    "train": {"batch_size": 128, "epochs": 4},
}

TASKS: tuple[Task, ...] = (
    Task("digits mlp", _table("sklearn:digits", "classification", [64], 8), SICK, weight=0.2),
    Task(
        "digits cnn",
        {**_table("sklearn:digits", "classification", [64], 5), "model": CNN},
        SICK,
        weight=0.8,
    ),
    Task("breast cancer", _table("sklearn:breast_cancer", "binary", [32], 20), SICK, weight=0.2),
    Task("wine", _table("sklearn:wine", "classification", [32], 20, 16), SICK, weight=0.1),
    Task(
        "diabetes",
        _table("sklearn:diabetes", "regression", [64, 64], 20, metric="r2"),
        SICK,
        weight=0.2,
    ),
    Task(
        "phoneme",
        _table("csv:" + str(DATA / "phoneme.csv"), "binary", [64, 64], 5, 64),
        SICK,
        file="phoneme.csv",
        weight=0.4,
    ),
    Task(
        "oil spill",
        _table(
            "csv:" + str(DATA / "oil-spill.csv"), "binary", [32], 20, metric="balanced_accuracy"
        ),
        SICK,
        file="oil-spill.csv",
        weight=0.3,
    ),
    Task(
        "wine quality",
        _table(
            "csv:" + str(DATA / "winequality-white.csv"), "regression", [64, 64], 5, 64, metric="r2"
        ),
        SICK,
        file="winequality-white.csv",
        weight=0.4,
    ),
    Task(
        "cifar10",
        SIMPLE_CNN,
        {"rate too low": {"optimizer.lr": 1e-5}},
        seeds=1,
        equivalents=10,
        file="cifar10-small.npz",
        weight=30.0,
        without=("hyperband",),
    ),
)
