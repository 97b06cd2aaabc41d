"""Types of numbers: what weights are kept in, and what products are computed in.

With bfloat16 or float16, both factors of a product (in Dense, Conv, Recurrent and Attention) are
cast to it, the product comes out in it, and is cast back to float32 right after, before the bias.
Everything else, gradients of weights included, is float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from advisor.backend import Precision

# On GPU and TPU, float32 would otherwise mean TF32 and bfloat16 products.
HIGHEST = lax.Precision.HIGHEST

Low = str | None
"""bfloat16 or float16; None: products are in the type of the weights"""


def weight_type(precision: Precision) -> np.dtype[Any]:
    return np.dtype(np.float64 if precision == "float64" else np.float32)


def product_type(precision: Precision) -> Low:
    return precision if precision in ("bfloat16", "float16") else None


def lowered(product: Callable[..., Array], low: Low) -> Callable[..., Array]:
    """The same product of two arrays in the low precision, its result in the first one's type."""
    if low is None:
        return product

    def cast(x: Array, kernel: Array, *args: Any, **options: Any) -> Array:
        return product(x.astype(low), kernel.astype(low), *args, **options).astype(x.dtype)

    return cast


def contract(equation: str, one: Array, other: Array, low: Low) -> Array:
    """An einsum of two arrays."""

    def product(one: Array, other: Array) -> Array:
        return jnp.einsum(equation, one, other, precision=HIGHEST)

    return lowered(product, low)(one, other)
