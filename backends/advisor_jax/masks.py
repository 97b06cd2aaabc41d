"""How a forward pass is made, and what it drops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax.numpy as jnp
from jax import Array

from advisor_jax.randomness import uniform


@dataclass
class Mode:
    """How a forward pass treats normalisation, dropout and padding."""

    batch_statistics: bool = False
    words: Array | None = None
    """(2,) random words that dropout masks are made from; None drops nothing"""
    rates: Mapping[str, Array] = field(default_factory=dict)
    """drop rate of every layer that may drop, traced"""
    drops: tuple[str, ...] = ()
    """the layers whose rate is not 0"""
    seen: dict[str, Array] | None = None
    """collects the outputs of activation layers"""
    mask: Array | None = None
    """(N, time) what is no padding; set where tokens become vectors"""


def dropped(name: str, x: Array, mode: Mode) -> Array:
    """Inverted dropout, element by element."""
    return _dropped(name, x, mode, x.shape)


def dropped_examples(name: str, x: Array, mode: Mode) -> Array:
    """The same for whole examples."""
    return _dropped(name, x, mode, (len(x),) + (1,) * (x.ndim - 1))


def _dropped(name: str, x: Array, mode: Mode, shape: tuple[int, ...]) -> Array:
    if mode.words is None or name not in mode.drops:
        return x
    rate = mode.rates[name]
    kept = uniform(mode.words, sorted(mode.rates).index(name), shape) >= rate
    return jnp.where(kept, x / (1 - rate), 0)
