"""The mean loss of a batch, as it is optimised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from advisor.recipe import Huber, Recipe


def loss_settings(recipe: Recipe) -> dict[str, float]:
    """The numbers of the loss: arguments of the compiled program, not part of it."""
    delta = recipe.loss.delta if isinstance(recipe.loss, Huber) else 1.0
    return {"label_smoothing": recipe.regularization.label_smoothing, "delta": delta}


def mean_loss(kind: str, settings: Mapping[str, Array], outputs: Array, targets: Array) -> Array:
    """Of raw outputs (N, outputs) and targets (N,)."""
    return jnp.mean(_losses(kind, settings, outputs, targets))


def _losses(kind: str, settings: Mapping[str, Array], outputs: Array, targets: Array) -> Any:
    if kind == "cross_entropy":
        classes = jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)
        smooth = optax.smooth_labels(classes, settings["label_smoothing"])
        return optax.softmax_cross_entropy(outputs, smooth)
    values = outputs[:, 0]
    match kind:
        case "binary_cross_entropy":
            return optax.sigmoid_binary_cross_entropy(values, targets)
        case "mse":
            return jnp.square(values - targets)
        case "mae":
            return jnp.abs(values - targets)
        case "huber":
            return optax.huber_loss(values, targets, delta=settings["delta"])
        case _:
            raise ValueError(f"unknown loss {kind!r}")
