"""Convolution and pooling of images (N, height, width, channels), as XLA on CPU does them fast."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax


def matmul_conv(x: Array, kernel: Array, strides: Any, padding: Any, **options: Any) -> Array:
    """A convolution of images as slices and one matrix product.

    XLA's own convolution is 9 to 19 times slower inside a scan on CPU. It still does what this
    form cannot: groups, dilation, and other than two spatial axes.
    """
    if x.ndim != 4 or _is_special(options):
        return lax.conv_general_dilated(x, kernel, strides, padding, **options)
    size, outputs = kernel.shape[:2], kernel.shape[3]
    down, right = strides
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(x.shape[1:3], size, strides, padding)
    x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    height, width = (
        (whole - part) // step
        for whole, part, step in zip(x.shape[1:3], size, strides, strict=True)
    )
    patches = [
        x[:, i : i + height * down + 1 : down, j : j + width * right + 1 : right]
        for i in range(size[0])
        for j in range(size[1])
    ]
    joined = jnp.concatenate(patches, axis=-1)  # (N, H, W, size * size * inputs)
    return joined @ kernel.reshape(-1, outputs)


def _is_special(options: dict[str, Any]) -> bool:
    dilations = (options.get("lhs_dilation"), options.get("rhs_dilation"))
    dilated = any(step != 1 for dilation in dilations for step in dilation or ())
    return dilated or options.get("feature_group_count", 1) != 1


@jax.custom_vjp
def max_pool(x: Array) -> Array:
    """2x2, stride 2. Among equals the first has the gradient, and NaN wins, as in PyTorch.

    The gradient is written out: the one that JAX derives takes a quarter of a CNN's step on CPU.
    """
    return jnp.max(_quarters(x), axis=(2, 4))


def _pooled(x: Array) -> tuple[Array, tuple[Array, Array]]:
    largest = max_pool(x)
    return largest, (x, largest)


def _unpooled(kept: tuple[Array, Array], gradient: Array) -> tuple[Array]:
    x, largest = kept
    n, height, width, channels = largest.shape
    parts, free = _quarters(x), jnp.ones(largest.shape, bool)
    rows = []
    for i in range(2):
        row = []
        for j in range(2):
            part = parts[:, :, i, :, j]
            chosen = free & ((part == largest) | jnp.isnan(part))
            free = free & ~chosen
            row.append(jnp.where(chosen, gradient, 0))
        rows.append(jnp.stack(row, axis=3))
    even = jnp.stack(rows, axis=2).reshape(n, 2 * height, 2 * width, channels)
    odd = ((0, 0), (0, x.shape[1] - 2 * height), (0, x.shape[2] - 2 * width), (0, 0))
    return (jnp.pad(even, odd),)


max_pool.defvjp(_pooled, _unpooled)


def average_pool(x: Array) -> Array:
    """2x2, stride 2."""
    return jnp.mean(_quarters(x), axis=(2, 4))


def _quarters(x: Array) -> Array:
    """(N, height, 2, width, 2, channels), without a last odd row or column."""
    n, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(n, height // 2, 2, width // 2, 2, channels)
