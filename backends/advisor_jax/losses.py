"""The mean loss of a batch, as it is optimised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from advisor.backend import Job
from advisor.recipe import Focal, Huber, Recipe

Numbers = dict[str, float | NDArray[Any]]


class Labels(NamedTuple):
    """What the outputs of N examples should be."""

    targets: Any
    """(N,), (N, labels) or (N, time); of NumPy's until they are on the device"""
    partners: Any = None
    """second targets, alike"""
    shares: Any = None
    """(N,) of the first targets"""


def loss_kind(recipe: Recipe) -> str:
    """What of the loss shapes the compiled program."""
    if recipe.loss.kind == "focal":
        return "focal" if recipe.task == "classification" else "binary_focal"
    return recipe.loss.kind


def loss_settings(job: Job, outputs: int) -> Numbers:
    """The numbers of the loss: arguments of the compiled program, not part of it."""
    recipe = job.recipe
    values: Numbers = {"label_smoothing": recipe.regularization.label_smoothing}
    if isinstance(recipe.loss, Huber):
        values["delta"] = recipe.loss.delta
    if isinstance(recipe.loss, Focal):
        values["gamma"] = recipe.loss.gamma
    if recipe.task in ("classification", "binary", "multilabel"):
        given = job.target_weights
        values["weights"] = np.ones(outputs) if given is None else given
    return values


def mean_loss(kind: str, settings: Mapping[str, Array], outputs: Array, labels: Labels) -> Array:
    """Of raw outputs (N, outputs) or (N, time, outputs)."""
    losses = _losses(kind, settings, outputs, labels.targets)
    if labels.partners is not None and labels.shares is not None:
        second = _losses(kind, settings, outputs, labels.partners)
        losses = _by_share(labels.shares, losses, second)
    return jnp.mean(losses)


def _by_share(shares: Array, first: Array, second: Array) -> Array:
    first, second = (jnp.mean(x.reshape(len(x), -1), axis=1) for x in (first, second))
    return shares * first + (1 - shares) * second


def _losses(kind: str, settings: Mapping[str, Array], outputs: Array, targets: Array) -> Array:
    """(N,), (N, labels) or (N, time), so that the mean over all counts each example alike."""
    match kind:
        case "cross_entropy" | "focal":
            return _softmax_losses(kind, settings, outputs, targets)
        case "binary_cross_entropy" | "binary_focal":
            return _sigmoid_losses(kind, settings, outputs, targets.reshape(outputs.shape))
    errors = outputs[:, 0] - targets
    match kind:
        case "mse":
            return jnp.square(errors)
        case "mae":
            return jnp.abs(errors)
        case "huber":
            losses: Array = optax.huber_loss(errors, delta=settings["delta"])
            return losses
        case _:
            raise ValueError(f"unknown loss {kind!r}")


def _softmax_losses(
    kind: str, settings: Mapping[str, Array], outputs: Array, targets: Array
) -> Array:
    classes = jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)
    smooth = optax.smooth_labels(classes, settings["label_smoothing"])
    losses: Array = optax.softmax_cross_entropy(outputs, smooth)
    if kind == "focal":  # never with label smoothing: the loss is -log p of the truth
        losses = _power(-jnp.expm1(-losses), settings["gamma"]) * losses
    if "weights" in settings:
        losses = losses * jnp.sum(classes * settings["weights"], axis=-1)
    return losses


def _sigmoid_losses(
    kind: str, settings: Mapping[str, Array], outputs: Array, targets: Array
) -> Array:
    positive, negative = -jax.nn.log_sigmoid(outputs), -jax.nn.log_sigmoid(-outputs)
    if kind == "binary_focal":
        positive *= _power(jax.nn.sigmoid(-outputs), settings["gamma"])
        negative *= _power(jax.nn.sigmoid(outputs), settings["gamma"])
    return settings["weights"] * targets * positive + (1 - targets) * negative


def _power(base: Array, exponent: Array) -> Array:
    """With a finite derivative at a base of 0, also for exponents below 1."""
    smallest = float(np.finfo(base.dtype).tiny)
    return jnp.power(jnp.maximum(base, smallest), exponent)
