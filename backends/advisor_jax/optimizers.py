"""optax's optimisers under the project's conventions, with every number traced."""

from __future__ import annotations

import math
from collections.abc import Mapping

import jax.numpy as jnp
import optax
from jax import Array, lax

from advisor.recipe import (
    DECOUPLED,
    Adagrad,
    Adam,
    AdamW,
    Handover,
    Lion,
    Nadam,
    Optimizer,
    Recipe,
    Rmsprop,
    Sgd,
)
from advisor_jax.packing import is_packed
from advisor_jax.transforms import scale_by_adagrad, scale_by_adam, scale_by_nadam

Arrays = dict[str, Array]
Settings = Mapping[str, Array]


def optimizer_kind(recipe: Recipe) -> str:
    """What of the optimiser shapes the compiled program. Adam is AdamW with a decay of 0."""
    match recipe.optimizer:
        case Sgd() as settings:
            return _sgd_kind(settings)
        case Adam():
            return "adamw"
        case Rmsprop(momentum=momentum) if momentum > 0:
            return "rmsprop_momentum"
        case other:
            return other.kind


def handover_kind(recipe: Recipe) -> str | None:
    """The same of the SGD that takes the last steps; None where none does."""
    settings = getattr(recipe.optimizer, "handover", None)
    return None if settings is None else _sgd_kind(settings)


def _sgd_kind(settings: Sgd | Handover) -> str:
    if settings.nesterov:
        return "nesterov"
    return "sgd" if settings.momentum > 0 else "plain"


def optimizer_settings(recipe: Recipe) -> dict[str, float]:
    """The numbers of the optimiser: arguments of the compiled program, not part of it."""
    settings, penalties = recipe.optimizer, recipe.regularization
    clip = settings.clip_norm
    values = {
        "l2": penalties.l2,
        "l1": penalties.l1,
        "clip_norm": math.inf if clip is None else clip,
        **_own(settings),
    }
    if settings.kind in (*DECOUPLED, "adam"):
        values["weight_decay"] = penalties.weight_decay
    handover = getattr(settings, "handover", None)
    values["handover_momentum"] = 0.0 if handover is None else handover.momentum
    return values


def _own(settings: Optimizer) -> dict[str, float]:
    match settings:
        case Sgd():
            names: tuple[str, ...] = ("momentum",)
        case Rmsprop():
            names = ("alpha", "eps", "momentum")
        case Adagrad():
            names = ("eps",)
        case Lion():
            names = ("beta1", "beta2")
        case Nadam():
            rests = {"rest1": 1 - settings.beta1, "rest2": 1 - settings.beta2}
            names = ("beta1", "eps", "momentum_decay")
            return rests | {name: getattr(settings, name) for name in names}
        case Adam() | AdamW():
            return {
                "rest1": 1 - settings.beta1,
                "rest2": 1 - settings.beta2,
                "eps": settings.eps,
            }
    return {name: getattr(settings, name) for name in names}


def optimizer(kind: str, settings: Settings) -> optax.GradientTransformation:
    """Gradients in, the change for a learning rate of -1 out; without weight decay."""

    def own(*names: str) -> list[Array]:
        return [settings[name] for name in names]

    match kind:
        case "plain" | "sgd" | "nesterov":
            return sgd(kind, settings["momentum"])
        case "rmsprop":
            return optax.scale_by_rms(*own("alpha", "eps"), eps_in_sqrt=False)
        case "rmsprop_momentum":
            scaled = optimizer("rmsprop", settings)
            return optax.chain(scaled, optax.trace(settings["momentum"]))
        case "adagrad":
            return scale_by_adagrad(*own("eps"))
        case "adamw":
            return scale_by_adam(*own("rest1", "rest2", "eps"))
        case "nadam":
            return scale_by_nadam(*own("beta1", "rest1", "rest2", "eps", "momentum_decay"))
        case "lion":
            return optax.scale_by_lion(*own("beta1", "beta2"))
        case _:
            raise ValueError(f"unknown optimizer {kind!r}")


def sgd(kind: str, momentum: Array | float) -> optax.GradientTransformation:
    if kind == "plain":
        return optax.identity()
    return optax.trace(momentum, nesterov=kind == "nesterov")


def decayed(changes: Arrays, parameters: Arrays, settings: Settings) -> Arrays:
    """The changes plus decoupled weight decay, of kernels."""
    if "weight_decay" not in settings:
        return changes
    return {
        name: change if is_packed(name) else change + settings["weight_decay"] * parameters[name]
        for name, change in changes.items()
    }


def penalised(gradients: Arrays, parameters: Arrays, settings: Settings) -> Arrays:
    """The gradients of the loss plus the penalties on kernels."""

    def penalty(weight: Array) -> Array:
        return settings["l2"] * weight + settings["l1"] * jnp.sign(weight)

    return {
        name: gradient if is_packed(name) else gradient + penalty(parameters[name])
        for name, gradient in gradients.items()
    }


def clip_scale(norm: Array, settings: Settings) -> Array:
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
