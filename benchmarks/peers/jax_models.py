"""The models of the cases as plain functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from peers.cases import VOCABULARY, Case

Arrays: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Network:
    """Initial parameters, and raw outputs (N, outputs) for inputs in the canonical layout."""

    initial: Callable[[np.random.Generator], Arrays]
    outputs: Callable[[Arrays, Array], Array]


def network(case: Case, outputs: int) -> Network:
    shapes = _shapes(case, outputs)

    def initial(random: np.random.Generator) -> Arrays:
        return {name: _start(random, name, shape) for name, shape in shapes.items()}

    def mlp(p: Arrays, x: Array) -> Array:
        return _dense(p, x.reshape(len(x), -1))

    def cnn(p: Arrays, x: Array) -> Array:
        for number in range(len(case.model["channels"])):
            x = _pool(jax.nn.relu(_conv(x, p[f"conv{number}.w"]) + p[f"conv{number}.b"]))
        return mlp(p, x)

    def transformer(p: Arrays, tokens: Array) -> Array:
        return _transformer(case, p, tokens)

    return Network(initial, {"mlp": mlp, "cnn": cnn, "transformer": transformer}[case.family])


def _shapes(case: Case, outputs: int) -> dict[str, tuple[int, ...]]:
    model, shapes = case.model, dict[str, tuple[int, ...]]()
    features = math.prod(case.shape)
    if case.family == "cnn":
        height, width, depth = case.shape
        for number, channels in enumerate(model["channels"]):
            shapes[f"conv{number}.w"] = (3, 3, depth, channels)
            shapes[f"conv{number}.b"] = (channels,)
            depth, height, width = channels, height // 2, width // 2
        features = depth * height * width
    if case.family == "transformer":
        shapes |= _block_shapes(case)
        features = model["units"]
    for number, units in enumerate((*model.get("hidden", ()), outputs)):
        shapes |= {f"dense{number}.w": (features, units), f"dense{number}.b": (units,)}
        features = units
    return shapes


def _block_shapes(case: Case) -> dict[str, tuple[int, ...]]:
    units, wide = case.model["units"], case.model["feedforward"]
    shapes: dict[str, tuple[int, ...]] = {
        "embedding": (VOCABULARY, units),
        "positions": (case.shape[0], units),
    }
    norms = ["last"]
    for i in range(case.model["layers"]):
        sizes = {"project": (units, 3 * units), "out": (units, units)}
        sizes |= {"wide": (units, wide), "narrow": (wide, units)}
        for name, (inputs, outputs) in sizes.items():
            shapes |= {f"{name}{i}.w": (inputs, outputs), f"{name}{i}.b": (outputs,)}
        norms += [f"first{i}", f"second{i}"]
    return shapes | {f"{name}.{part}": (units,) for name in norms for part in ("scale", "b")}


def _start(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> Any:
    if len(shape) == 1:
        return np.full(shape, float(name.endswith("scale")), np.float32)
    scale = math.sqrt(1 / math.prod(shape[:-1]))
    return (random.standard_normal(shape) * scale).astype(np.float32)


def _dense(p: Arrays, x: Array) -> Array:
    last = sum(name.startswith("dense") for name in p) // 2 - 1
    for number in range(last):
        x = jax.nn.relu(x @ p[f"dense{number}.w"] + p[f"dense{number}.b"])
    return jnp.asarray(x @ p[f"dense{last}.w"] + p[f"dense{last}.b"])


def _conv(x: Array, kernel: Array) -> Array:
    """3x3 with a border of zeros, as slices and one matrix product."""
    height, width = x.shape[1:3]
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = [x[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return jnp.concatenate(patches, -1) @ kernel.reshape(-1, kernel.shape[-1])


def _pool(x: Array) -> Array:
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))


def _norm(p: Arrays, name: str, x: Array) -> Array:
    x = x - x.mean(-1, keepdims=True)
    scaled = x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + 1e-5)
    return jnp.asarray(scaled * p[f"{name}.scale"] + p[f"{name}.b"])


def _transformer(case: Case, p: Arrays, tokens: Array) -> Array:
    filled = tokens != 0
    x = p["embedding"][tokens] + p["positions"]
    for i in range(case.model["layers"]):
        x = x + _attention(case.model["heads"], p, i, _norm(p, f"first{i}", x), filled)
        wide = _norm(p, f"second{i}", x) @ p[f"wide{i}.w"] + p[f"wide{i}.b"]
        x = x + jax.nn.gelu(wide, approximate=False) @ p[f"narrow{i}.w"] + p[f"narrow{i}.b"]
    share = filled / filled.sum(1, keepdims=True)
    return _dense(p, jnp.einsum("nt,ntu->nu", share, _norm(p, "last", x)))


def _attention(heads: int, p: Arrays, i: int, x: Array, filled: Array) -> Array:
    n, time, units = x.shape
    parts = (x @ p[f"project{i}.w"] + p[f"project{i}.b"]).reshape(n, time, 3, heads, -1)
    query, key, value = parts[:, :, 0], parts[:, :, 1], parts[:, :, 2]
    scores = jnp.einsum("nqhd,nkhd->nhqk", query, key) * (units // heads) ** -0.5
    scores = jnp.where(filled[:, None, None, :], scores, -1e30)
    seen = jnp.einsum("nhqk,nkhd->nqhd", jax.nn.softmax(scores), value)
    return jnp.asarray(seen.reshape(n, time, units) @ p[f"out{i}.w"] + p[f"out{i}.b"])
