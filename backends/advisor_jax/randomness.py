"""Random numbers of the steps: they depend on seed, step, portion and layer, and nothing else."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

GOLDEN = np.uint32(0x9E3779B9)


def step_words(seed: Array, first: Array, steps: int) -> Array:
    """(S, 2) random words, one pair for each step of the whole training."""
    key = jax.random.key(seed, impl="threefry2x32")
    numbers = first + jnp.arange(steps)
    return jax.random.key_data(jax.vmap(functools.partial(jax.random.fold_in, key))(numbers))


def portion_words(words: Array, portion: Array) -> Array:
    """The words of one portion of a step's batch."""
    return _hashed(words + GOLDEN * (portion.astype(jnp.uint32) + 1))


def stream_key(words: Array, stream: int, shape: tuple[int, ...]) -> Array:
    """Keys of this shape for jax.random, for what a user's model draws."""
    key = jax.random.fold_in(jax.random.wrap_key_data(words, impl="threefry2x32"), stream)
    return jax.random.split(key, shape) if shape else key


def uniform(words: Array, stream: int, shape: tuple[int, ...]) -> Array:
    """Uniform [0, 1) float32 of this shape, keyed by two random words and a stream number.

    Counters hashed twice by MurmurHash3's finaliser: good enough for masks, and on CPU some 20
    times as fast as jax.random, which would take longer than the rest of a small model's step.
    """
    counters = lax.iota(jnp.uint32, math.prod(shape))
    bits = _hashed(_hashed(counters + words[0]) ^ (words[1] + np.uint32(stream)))
    return ((bits >> 8).astype(jnp.float32) * 2**-24).reshape(shape)


def _hashed(bits: Array) -> Array:
    bits = (bits ^ (bits >> 16)) * np.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> 13)) * np.uint32(0xC2B2AE35)
    return bits ^ (bits >> 16)
