"""What is trained: model, shape of the data and batch size of each case."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from advisor import data
from advisor.recipe import Data, Recipe

LR, WEIGHT_DECAY = 1e-3, 0.01
MLP = {"kind": "mlp", "hidden": [128, 64]}
CNN = {"kind": "cnn", "channels": [32, 64], "hidden": [128]}
TRANSFORMER = {"kind": "transformer", "units": 64, "heads": 4, "layers": 2, "feedforward": 256}
VOCABULARY = 64
DIGITS = "sklearn:digits"


@dataclass(frozen=True)
class Case:
    """One model on one shape of data."""

    name: str
    family: Literal["mlp", "cnn", "transformer"]
    model: Mapping[str, Any]
    shape: tuple[int, ...]
    batch: int
    train: int = 0
    """examples; 0: those of the digits"""

    @property
    def source(self) -> str:
        return f"{'x'.join(map(str, self.shape))}.npz" if self.train else DIGITS

    @property
    def tokens(self) -> bool:
        return self.family == "transformer"

    def recipe(self, folder: Path, **train: Any) -> Recipe:
        """As a user would write it; `train` goes into the section of that name."""
        content = {
            "task": "classification",
            "data": self._data(folder),
            "model": self.model,
            "optimizer": {"kind": "adamw", "lr": LR},
            "regularization": {"weight_decay": WEIGHT_DECAY},
            "train": {"batch_size": self.batch, **train},
        }
        return Recipe.model_validate_json(json.dumps(content))

    def _data(self, folder: Path) -> dict[str, str]:
        source = f"npz:{folder / self.source}" if self.train else self.source
        return {"source": source, "normalization": "none" if self.tokens else "standard"}

    def dataset(self, folder: Path) -> data.Dataset:
        """Normalised training and validation examples; for tokens int32 (n, time)."""
        loaded = data.load(Data.model_validate(self._data(folder)), "classification")
        return _with_tokens(loaded) if self.tokens else loaded


def _with_tokens(loaded: data.Dataset) -> data.Dataset:
    """The same examples as what they are: whole numbers."""
    parts: dict[str, Any] = {
        name: dataclasses.replace(part, inputs=part.inputs.astype(np.int32))
        for name, part in (("train", loaded.train), ("validation", loaded.validation))
    }
    known = {field.name for field in dataclasses.fields(loaded)}
    if "vocabulary" in known:
        parts["vocabulary"] = VOCABULARY
    return dataclasses.replace(loaded, **parts)


ALL = (
    Case("digits-mlp-32", "mlp", MLP, (8, 8), 32),
    Case("digits-mlp-128", "mlp", MLP, (8, 8), 128),
    Case("cnn-28x28x1-64", "cnn", CNN, (28, 28, 1), 64, 2560),
    Case("cnn-28x28x1-128", "cnn", CNN, (28, 28, 1), 128, 2560),
    Case("cnn-32x32x3-64", "cnn", CNN, (32, 32, 3), 64, 1920),
    Case("cnn-32x32x3-128", "cnn", CNN, (32, 32, 3), 128, 1920),
    Case("transformer-64", "transformer", TRANSFORMER, (32,), 64, 1280),
)
CASES = {case.name: case for case in ALL}
SHORT = ("digits-mlp-32", "cnn-28x28x1-64", "transformer-64")


def write_data(folder: Path) -> None:
    """Seeded images and token sequences of every shape: their values do not change the speed."""
    for shape, count in sorted({(case.shape, case.train) for case in ALL if case.train}):
        random = np.random.default_rng(0)
        made = functools.partial(_sequences if len(shape) == 1 else _images, random, shape)
        arrays = {}
        for part, size in (("train", count), ("val", count // 4), ("test", 64)):
            arrays[f"x_{part}"] = made(size)
            arrays[f"y_{part}"] = np.arange(size) % 10
        np.savez(folder / f"{'x'.join(map(str, shape))}.npz", allow_pickle=False, **arrays)


def _images(random: np.random.Generator, shape: tuple[int, ...], n: int) -> Any:
    return random.standard_normal((n, *shape)).astype(np.float32)


def _sequences(random: np.random.Generator, shape: tuple[int, ...], n: int) -> Any:
    """Tokens 1..63; from half to all of a sequence is filled, the rest is padding, token 0."""
    tokens = random.integers(1, VOCABULARY, (n, *shape))
    lengths = random.integers(shape[0] // 2, shape[0] + 1, (n, 1))
    return np.where(np.arange(shape[0]) < lengths, tokens, 0).astype(np.float32)
