"""The gradient transformations that optax does not have in PyTorch's form."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

NADAM_BASE = 0.96


class NadamState(NamedTuple):
    steps: Array
    product: Array
    """of the momenta so far"""
    mu: Any
    nu: Any


class AdagradState(NamedTuple):
    sums: Any


def scale_by_adam(rest1: Array, rest2: Array, eps: Array) -> optax.GradientTransformation:
    """Adam of 1 - beta1 and 1 - beta2.

    optax takes the betas themselves: 1 - 0.999 in float32 is off by 1.3e-5, and so would be every
    second moment; PyTorch computes it in float64.
    """

    def init(parameters: Any) -> optax.ScaleByAdamState:
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return optax.ScaleByAdamState(jnp.zeros([], jnp.int32), zeros, zeros)

    def update(
        gradients: Any, state: optax.ScaleByAdamState, _: Any = None
    ) -> tuple[Any, optax.ScaleByAdamState]:
        count = state.count + 1
        mu = _moved(state.mu, gradients, rest1)
        nu = _moved(state.nu, jax.tree.map(jnp.square, gradients), rest2)
        one, two = _correction(rest1, count), _correction(rest2, count)
        changes = jax.tree.map(
            lambda first, second: (first / one) / (jnp.sqrt(second / two) + eps), mu, nu
        )
        return changes, optax.ScaleByAdamState(count, mu, nu)

    return optax.GradientTransformation(init, update)


def _correction(rest: Array, count: Array) -> Array:
    """1 - beta^count."""
    return -jnp.expm1(count.astype(rest.dtype) * jnp.log1p(-rest))


def scale_by_nadam(
    beta1: Array, rest1: Array, rest2: Array, eps: Array, momentum_decay: Array
) -> optax.GradientTransformation:
    """Adam with Nesterov momentum (Dozat 2016), the momentum warmed up as in PyTorch:
    mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2)."""

    def momentum(step: Array) -> Array:
        return beta1 * (1 - 0.5 * NADAM_BASE ** (step * momentum_decay))

    def init(parameters: Any) -> NadamState:
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        one = jnp.ones_like(beta1)
        return NadamState(jnp.zeros([], jnp.int32), one, zeros, zeros)

    def update(gradients: Any, state: NadamState, _: Any = None) -> tuple[Any, NadamState]:
        count = state.steps + 1
        step = count.astype(beta1.dtype)
        now, following = momentum(step), momentum(step + 1)
        product = state.product * now
        mu = _moved(state.mu, gradients, rest1)
        nu = _moved(state.nu, jax.tree.map(jnp.square, gradients), rest2)
        here = (1 - now) / (1 - product)
        ahead = following / (1 - product * following)
        correction = _correction(rest2, count)

        def direction(gradient: Array, first: Array, second: Array) -> Array:
            return (here * gradient + ahead * first) / (jnp.sqrt(second / correction) + eps)

        changes = jax.tree.map(direction, gradients, mu, nu)
        return changes, NadamState(count, product, mu, nu)

    return optax.GradientTransformation(init, update)


def scale_by_adagrad(eps: Array) -> optax.GradientTransformation:
    """Sums of squares start at 0; eps is outside the square root."""

    def init(parameters: Any) -> AdagradState:
        return AdagradState(jax.tree.map(jnp.zeros_like, parameters))

    def update(gradients: Any, state: AdagradState, _: Any = None) -> tuple[Any, AdagradState]:
        sums = jax.tree.map(lambda total, g: total + jnp.square(g), state.sums, gradients)
        changes = jax.tree.map(lambda g, total: g / (jnp.sqrt(total) + eps), gradients, sums)
        return changes, AdagradState(sums)

    return optax.GradientTransformation(init, update)


def _moved(averages: Any, values: Any, rest: Array) -> Any:
    return jax.tree.map(lambda old, new: old + rest * (new - old), averages, values)
