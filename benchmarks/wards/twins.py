"""Healthy trainings, small enough for seconds on one core; each case spoils one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.recipe import Recipe
from wards.case import Case

HERE = Path(__file__).parent
ADAM = {"kind": "adam", "lr": 1e-3}
SGD = {"kind": "sgd", "lr": 0.02, "momentum": 0.9}
"""At 0.05 one seed in three does not train: 0.6 where others reach 0.97."""
COSINE = {"kind": "cosine"}
MLP = {"kind": "mlp", "hidden": [64, 64]}
CNN = {"kind": "cnn", "channels": [8, 16], "hidden": [32]}
RNN_EPOCHS, CNN_EPOCHS = 30, 12


def own(name: str, **arguments: Any) -> dict[str, Any]:
    """A model of somebody's own, the same in both frameworks."""
    files = {"torch": f"{HERE / 'own_torch.py'}:{name}", "jax": f"{HERE / 'own_jax.py'}:{name}"}
    return {"kind": "own", **files, "arguments": arguments}


def _twin(
    source: str,
    model: Mapping[str, Any],
    optimizer: Mapping[str, Any],
    epochs: int,
    task: str = "classification",
    **more: Any,
) -> dict[str, Any]:
    train = {"epochs": epochs, "batch_size": 32, **more.pop("train", {})}
    data = {"source": source, **more.pop("data", {})}
    made = {"task": task, "data": data, "model": model, "optimizer": optimizer, "train": train}
    return {**made, **more}


_PICTURES: dict[str, Any] = {"schedule": COSINE}
_BALANCED: dict[str, Any] = {
    "metric": "balanced_accuracy",
    "loss": {"kind": "binary_cross_entropy", "positive_weight": "balanced"},
}
_DROPOUT: dict[str, Any] = {"regularization": {"dropout": 0.3}}

TWINS: Mapping[str, Mapping[str, Any]] = {
    "digits": _twin("sklearn:digits", MLP, ADAM, 15),
    "digits-own": _twin("sklearn:digits", own("Plain"), ADAM, 15),
    "digits-cnn": _twin("sklearn:digits", CNN, {**ADAM, "lr": 5e-3}, 15, schedule=COSINE),
    "digits150": _twin("npz:digits150.npz", MLP, ADAM, 40, train={"batch_size": 16}, **_DROPOUT),
    "digits-noisy": _twin(
        "npz:digits-noisy.npz",
        MLP,
        ADAM,
        15,
        regularization={"dropout": 0.3, "label_smoothing": 0.1},
    ),
    "digits-clean": _twin("npz:digits-clean.npz", MLP, ADAM, 15),
    "digits-pixels": _twin("npz:digits-pixels.npz", {**MLP, "activation": "tanh"}, ADAM, 15),
    "shapes": _twin("npz:shapes.npz", CNN, SGD, CNN_EPOCHS, **_PICTURES),
    "shapes-adam": _twin("npz:shapes.npz", CNN, {**ADAM, "lr": 3e-3}, CNN_EPOCHS, **_PICTURES),
    "shapes-bn": _twin(
        "npz:shapes.npz", {**CNN, "normalization": "batch"}, SGD, CNN_EPOCHS, **_PICTURES
    ),
    "shapes-own": _twin("npz:shapes.npz", own("Plain"), ADAM, CNN_EPOCHS),
    "shapes-few-validate": _twin("npz:shapes-few-validate.npz", CNN, SGD, 15, **_PICTURES),
    "shapes-rare": _twin(
        "npz:shapes-rare.npz",
        CNN,
        ADAM,
        10,
        metric="f1",
        loss={"kind": "cross_entropy", "class_weights": "balanced"},
    ),
    "colours": _twin("npz:colours.npz", CNN, {**ADAM, "lr": 3e-3}, 15, **_PICTURES),
    "table2": _twin("npz:table2.npz", MLP, ADAM, 20, "binary"),
    "table5": _twin("npz:table5.npz", MLP, ADAM, 20),
    "table10": _twin("npz:table10.npz", MLP, ADAM, 20),
    "table2-deep": _twin(
        "npz:table2.npz", {"kind": "mlp", "hidden": [64] * 6}, {**ADAM, "lr": 5e-4}, 20, "binary"
    ),
    "table2-adamw": _twin(
        "npz:table2.npz",
        MLP,
        {"kind": "adamw", "lr": 5e-3},
        20,
        "binary",
        regularization={"weight_decay": 0.01},
    ),
    "table2-rmsprop": _twin(
        "npz:table2.npz",
        {"kind": "mlp", "hidden": [64, 64, 64]},
        {"kind": "rmsprop", "lr": 1e-3},
        15,
        "binary",
    ),
    "table2-own": _twin("npz:table2.npz", own("Plain"), ADAM, 20),
    "few-validate": _twin("npz:few-validate.npz", MLP, ADAM, 20, "binary"),
    "easy": _twin("npz:easy.npz", MLP, {"kind": "adamw", "lr": 1e-3}, 15, "binary"),
    "rare99": _twin("npz:rare99.npz", MLP, ADAM, 12, "binary", **_BALANCED),
    "rare91": _twin("npz:rare91.npz", MLP, ADAM, 15, "binary", **_BALANCED),
    "friedman": _twin("npz:friedman.npz", MLP, ADAM, 30, "regression"),
    "friedman-own": _twin("npz:friedman.npz", own("Plain"), ADAM, 30, "regression"),
    "outliers": _twin(
        "npz:outliers.npz",
        MLP,
        ADAM,
        60,
        "regression",
        metric="mae",
        loss={"kind": "mae"},
        schedule=COSINE,
    ),
    "spirals": _twin("npz:spirals.npz", MLP, {**ADAM, "lr": 1e-2}, 30),
    "spirals-own": _twin("npz:spirals.npz", own("Plain"), {**ADAM, "lr": 1e-2}, 30),
    "noisy-spirals": _twin("npz:noisy-spirals.npz", MLP, {**ADAM, "lr": 1e-2}, 20),
    "memory": _twin(
        "npz:memory.npz",
        own("Recurrent"),
        {**ADAM, "lr": 3e-3},
        RNN_EPOCHS,
        "regression",
        schedule=COSINE,
    ),
    "chain": _twin(
        "text:chain.txt",
        {"kind": "rnn", "units": 32, "embedding": 16},
        {**ADAM, "lr": 1e-2},
        8,
        "language_model",
        data={"length": 32},
        train={"batch_size": 16},
    ),
    "sentences": _twin(
        "text:sentences.csv",
        {"kind": "transformer", "units": 32, "heads": 2, "layers": 2, "feedforward": 64},
        ADAM,
        15,
        data={"tokens": "words", "length": 12},
        schedule={"kind": "cosine", "warmup": 0.1},
    ),
    "wine": _twin(
        "sklearn:wine", {"kind": "mlp", "hidden": [32]}, ADAM, 40, train={"batch_size": 16}
    ),
    "cancer": _twin("sklearn:breast_cancer", {"kind": "mlp", "hidden": [32]}, ADAM, 20, "binary"),
    "grouped": _twin("npz:grouped.npz", MLP, ADAM, 10, "binary", data={"split": "group"}),
}
"""By name. Files are named without their folder."""
NOISY = ("digits-noisy", "noisy-spirals", "outliers")
"""Twins whose data have errors that no training can avoid: no controls, only what can be had."""


def twin_recipe(name: str, folder: Path, seed: int) -> Recipe:
    """The healthy training of this name, on the files of this folder."""
    content = json.loads(json.dumps(TWINS[name]))
    content["data"]["source"] = placed(content["data"]["source"], folder)
    content["name"] = name
    content["train"]["seed"] = seed
    return Recipe.model_validate_json(json.dumps(content))


def case_recipe(case: Case, folder: Path, seed: int) -> Recipe:
    """The twin with what is wrong."""
    changes = dict(case.changes)
    if "data.source" in changes:
        changes["data.source"] = placed(changes["data.source"], folder)
    made = twin_recipe(case.twin, folder, seed).changed(changes)
    return made.changed({"name": f"case {case.id}"})


def placed(source: str, folder: Path) -> str:
    scheme, _, rest = source.partition(":")
    return source if scheme == "sklearn" else f"{scheme}:{folder / rest}"
