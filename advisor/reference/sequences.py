"""Layers over the steps of a sequence. A mask (examples, time) says which steps count."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats, Weights
from advisor.reference.layers import sigmoid

Mask: TypeAlias = NDArray[np.bool_]


def mean_over_steps(x: Floats, mask: Mask | None) -> Floats:
    """The mean over all axes but the first and last; with a mask, over the steps that count."""
    if mask is None:
        return np.asarray(x.reshape(len(x), -1, x.shape[-1]).mean(axis=1))
    return np.asarray((x * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None])


def last_step(x: Floats, mask: Mask | None) -> Floats:
    if mask is None:
        return x[:, -1]
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    return np.asarray(x[np.arange(len(x)), last])


def recurrent(cell: str, x: Floats, own: Weights) -> Floats:
    """All states (examples, time, units)."""
    units = len(own["recurrent_kernel"])
    hidden: Floats = np.zeros((len(x), units))
    memory = hidden
    states = []
    for step in range(x.shape[1]):
        new = x[:, step] @ own["kernel"] + own["bias"]
        old = hidden @ own["recurrent_kernel"] + own["recurrent_bias"]
        if cell == "lstm":
            hidden, memory = _lstm(new + old, memory)
        else:
            hidden = _gru(new, old, hidden)
        states.append(hidden)
    return np.stack(states, axis=1)


def _lstm(gates: Floats, memory: Floats) -> tuple[Floats, Floats]:
    take, forget, cell, out = np.split(gates, 4, axis=1)
    memory = sigmoid(forget) * memory + sigmoid(take) * np.tanh(cell)
    return np.asarray(sigmoid(out) * np.tanh(memory)), memory


def _gru(new: Floats, old: Floats, hidden: Floats) -> Floats:
    (r, z, n), (old_r, old_z, old_n) = np.split(new, 3, axis=1), np.split(old, 3, axis=1)
    reset, update = sigmoid(r + old_r), sigmoid(z + old_z)
    return np.asarray((1 - update) * np.tanh(n + reset * old_n) + update * hidden)


def attended(x: Floats, own: Weights, heads: int, causal: bool, mask: Mask | None) -> Floats:
    """Self-attention before dropout of its weights."""
    n, time, units = x.shape
    queries, keys, values = (
        part.reshape(n, time, heads, units // heads)
        for part in np.split(x @ own["kernel"] + own["bias"], 3, axis=2)
    )
    scores = np.einsum("nqhd,nkhd->nhqk", queries, keys) / math.sqrt(units // heads)
    seen = np.ones((n, 1, time, time), dtype=bool)
    if mask is not None:
        seen = seen & mask[:, None, None, :]
    if causal:
        seen = seen & np.tri(time, dtype=bool)
    mixed = np.einsum("nhqk,nkhd->nqhd", _softmax(np.where(seen, scores, -np.inf)), values)
    return np.asarray(mixed.reshape(n, time, units) @ own["output_kernel"] + own["output_bias"])


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
