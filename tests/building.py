"""Models and their first weights, for tests of the architecture."""

from __future__ import annotations

from typing import Any

from advisor.architecture import (
    Weights,
    expand,
    initial_weights,
)
from advisor.recipe import Initialization, Recipe


def recipe(
    task: str = "classification", rates: dict[str, float] | None = None, **model: Any
) -> Recipe:
    source = "text:book.txt" if task == "language_model" else "sklearn:digits"
    rates = {"dropout": 0.25} if rates is None else rates
    return Recipe.model_validate(
        {"task": task, "data": {"source": source}, "model": model, "regularization": rates}
    )


def weights(
    how: str,
    gain: float = 1.0,
    seed: int = 0,
    shape: tuple[int, ...] = (16, 16, 3),
    vocabulary: int = 0,
    **model: Any,
) -> Weights:
    layers = expand(recipe(**model), shape, 4, vocabulary)
    chosen = Initialization.model_validate({"kind": how, "gain": gain})
    return initial_weights(layers, chosen, seed)
