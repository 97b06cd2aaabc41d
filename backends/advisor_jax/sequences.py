"""Layers of sequences (N, time, features), and what padding means to them."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from advisor.architecture import PADDING, Attention, Positions, Recurrent, sinusoids
from advisor_jax.masks import Mode, dropped
from advisor_jax.precision import Low, contract


def is_token(tokens: Array) -> Array:
    """(N, time) what is no padding; an example that is all padding counts as one step."""
    first = jnp.arange(tokens.shape[1]) == 0
    return (tokens != PADDING) | first


def mean_over_time(x: Array, mask: Array | None) -> Array:
    """The mean over all axes but the first and last; masked: (N, time) of what counts."""
    if mask is None or x.ndim != 3:
        return jnp.mean(x, axis=tuple(range(1, x.ndim - 1)))
    counts = mask.astype(x.dtype)[..., None]
    return jnp.sum(jnp.where(mask[..., None], x, 0), axis=1) / jnp.sum(counts, axis=1)


def last_step(x: Array, mask: Array | None) -> Array:
    if mask is None:
        return x[:, -1]
    places = jnp.sum(mask, axis=1, dtype=jnp.int32) - 1
    return x[jnp.arange(len(x)), places]


class PositionVectors(nnx.Module):
    def __init__(self, layer: Positions) -> None:
        self.layer = nnx.static(layer)
        if layer.learned:
            self.kernel = nnx.Param(jnp.zeros((layer.length, layer.units)))

    def __call__(self, x: Array) -> Array:
        layer: Positions = self.layer
        if layer.learned:
            vectors = self.kernel[...]
        else:
            vectors = jnp.asarray(sinusoids(layer.length, layer.units), x.dtype)
        return x + vectors[: x.shape[1]]


class RecurrentStates(nnx.Module):
    """An LSTM or GRU. Its products with the inputs are one product, ahead of the time steps."""

    def __init__(self, layer: Recurrent, low: Low) -> None:
        self.layer, self.low = nnx.static(layer), low
        wide = layer.gates * layer.units
        self.kernel = nnx.Param(jnp.zeros((layer.inputs, wide)))
        self.recurrent_kernel = nnx.Param(jnp.zeros((layer.units, wide)))
        self.bias = nnx.Param(jnp.zeros(wide))
        self.recurrent_bias = nnx.Param(jnp.zeros(wide))

    def __call__(self, x: Array) -> Array:
        layer: Recurrent = self.layer
        ahead = contract("nti,ig->tng", x, self.kernel[...], self.low) + self.bias[...]
        start = jnp.zeros((len(x), layer.units), x.dtype)
        if layer.cell == "lstm":
            _, states = lax.scan(self._lstm, (start, start), ahead)
        else:
            _, states = lax.scan(self._gru, start, ahead)
        return jnp.swapaxes(states, 0, 1)

    def _product(self, state: Array) -> Array:
        kernel, bias = self.recurrent_kernel[...], self.recurrent_bias[...]
        return contract("nu,ug->ng", state, kernel, self.low) + bias

    def _lstm(self, carry: tuple[Array, Array], ahead: Array) -> tuple[tuple[Array, Array], Array]:
        state, cell = carry
        into, forget, new, out = jnp.split(ahead + self._product(state), 4, axis=-1)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(into) * jnp.tanh(new)
        state = jax.nn.sigmoid(out) * jnp.tanh(cell)
        return (state, cell), state

    def _gru(self, state: Array, ahead: Array) -> tuple[Array, Array]:
        reset, update, new = jnp.split(ahead, 3, axis=-1)
        reset_of, update_of, new_of = jnp.split(self._product(state), 3, axis=-1)
        new = jnp.tanh(new + jax.nn.sigmoid(reset + reset_of) * new_of)
        kept = jax.nn.sigmoid(update + update_of)
        state = (1 - kept) * new + kept * state
        return state, state


class SelfAttention(nnx.Module):
    def __init__(self, layer: Attention, low: Low) -> None:
        self.layer, self.low = nnx.static(layer), low
        units = layer.units
        self.kernel = nnx.Param(jnp.zeros((units, 3 * units)))
        self.bias = nnx.Param(jnp.zeros(3 * units))
        self.output_kernel = nnx.Param(jnp.zeros((units, units)))
        self.output_bias = nnx.Param(jnp.zeros(units))

    def __call__(self, x: Array, mode: Mode) -> Array:
        layer: Attention = self.layer
        n, time, units = x.shape
        each = units // layer.heads
        joined = contract("ntu,uv->ntv", x, self.kernel[...], self.low) + self.bias[...]
        query, key, value = jnp.moveaxis(joined.reshape(n, time, 3, layer.heads, each), 2, 0)
        scores = contract("nqhe,nkhe->nhqk", query, key, self.low) / math.sqrt(each)
        scores = jnp.where(self._visible(time, mode.mask), scores, -jnp.inf)
        shares = dropped(layer.name, jax.nn.softmax(scores, axis=-1), mode)
        mixed = contract("nhqk,nkhe->nqhe", shares, value, self.low).reshape(x.shape)
        made = contract("ntu,uv->ntv", mixed, self.output_kernel[...], self.low)
        return made + self.output_bias[...]

    def _visible(self, time: int, mask: Array | None) -> Array:
        """(N or 1, 1, query, key) what is looked at; always the first step, so never nothing."""
        visible = jnp.ones((1, 1, time, time), bool)
        if self.layer.causal:
            visible = jnp.tril(visible)
        return visible if mask is None else visible & mask[:, None, None, :]
