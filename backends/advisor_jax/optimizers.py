"""optax's optimisers under the project's conventions, with every number traced."""

from __future__ import annotations

import math
from collections.abc import Mapping

import jax.numpy as jnp
import optax
from jax import Array, lax

from advisor.architecture import is_decayed
from advisor.recipe import Adam, AdamW, Recipe, Rmsprop, Sgd

Arrays = dict[str, Array]


def optimizer_kind(recipe: Recipe) -> str:
    """What of the optimiser shapes the compiled program. Adam is AdamW with a decay of 0."""
    match recipe.optimizer:
        case Sgd(nesterov=True):
            return "nesterov"
        case Sgd(momentum=0.0):
            return "plain"
        case Adam():
            return "adamw"
        case other:
            return other.kind


def optimizer_settings(recipe: Recipe) -> dict[str, float]:
    """The numbers of the optimiser: arguments of the compiled program, not part of it."""
    settings, penalties = recipe.optimizer, recipe.regularization
    clip = settings.clip_norm
    values = {"l2": penalties.l2, "clip_norm": math.inf if clip is None else clip}
    match settings:
        case Sgd():
            own = {"momentum": settings.momentum}
        case Rmsprop():
            own = {"alpha": settings.alpha, "eps": settings.eps}
        case Adam() | AdamW():
            own = {
                "beta1": settings.beta1,
                "beta2": settings.beta2,
                "eps": settings.eps,
                "weight_decay": penalties.weight_decay,
            }
    return values | own


def optimizer(kind: str, settings: Mapping[str, Array]) -> optax.GradientTransformation:
    """Gradients in, the change for a learning rate of -1 out."""
    match kind:
        case "plain":
            return optax.identity()
        case "sgd" | "nesterov":
            return optax.trace(settings["momentum"], nesterov=kind == "nesterov")
        case "rmsprop":
            return optax.scale_by_rms(settings["alpha"], settings["eps"], eps_in_sqrt=False)
        case "adamw":
            return optax.chain(
                optax.scale_by_adam(settings["beta1"], settings["beta2"], settings["eps"]),
                optax.add_decayed_weights(settings["weight_decay"], mask=_decayed),
            )
        case _:
            raise ValueError(f"unknown optimizer {kind!r}")


def penalised(gradients: Arrays, parameters: Arrays, settings: Mapping[str, Array]) -> Arrays:
    """The gradients of the loss plus the l2 penalty."""
    return {
        name: gradient + settings["l2"] * parameters[name] if is_decayed(name) else gradient
        for name, gradient in gradients.items()
    }


def clip_scale(norm: Array, settings: Mapping[str, Array]) -> Array:
    """The factor that brings gradients of this global norm to at most `clip_norm`."""
    limit = settings["clip_norm"]
    return jnp.where(jnp.isinf(limit), 1.0, jnp.minimum(1.0, limit / (norm + 1e-6)))


def sum_of_squares(array: Array) -> Array:
    """First over all axes but the last, then over that one.

    In one go XLA adds one element at a time on CPU, which for a wide layer takes a third of a
    training step; the barrier keeps it from joining the two sums.
    """
    columns = jnp.sum(jnp.square(array), axis=tuple(range(array.ndim - 1)))
    kept: Array = lax.optimization_barrier(columns)  # type: ignore[no-untyped-call]
    return jnp.sum(kept)


def _decayed(tree: Mapping[str, object]) -> dict[str, bool]:
    return {name: is_decayed(name) for name in tree}
