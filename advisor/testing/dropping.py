"""Tiny models in which one layer drops and the output is linear in what it keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from advisor import reference
from advisor.architecture import (
    Attention,
    Dense,
    Dropout,
    Floats,
    GlobalAverage,
    Layer,
    Residual,
    Weights,
    initial_weights,
)
from advisor.backend import Job
from advisor.testing.jobs import scattered, small_data

RATE, TIME = 0.3, 2
LAYERS: Mapping[str, tuple[Layer, ...]] = {
    "dropout": (Dense("dense1", 1, 1), Dropout("dropout", RATE)),
    "attention": (Attention("attention", 1, 1, causal=False, rate=RATE),),
    "residual": (Residual("residual", (Dense("dense1", 1, 1),), (), RATE),),
}


def dropping_job(job: Job, kind: str) -> Job:
    """The job with one feature over two steps, and a layer that drops before a linear output."""
    inputs, targets = small_data("regression", (TIME, 1))
    layers = (*LAYERS[kind], GlobalAverage("average"), Dense("output", 1, 1))
    weights = scattered(initial_weights(layers, job.recipe.initialization, 1))
    if kind == "attention":
        weights["attention.kernel"] = np.array([[0.5, 0.8, 1.5]])
    return dataclasses.replace(job, layers=layers, weights=weights, inputs=inputs, targets=targets)


def variance_of(job: Job, kind: str) -> Floats:
    """(n,) of the outputs: rate / (1 - rate) times the sum of the squares of what can drop."""
    weights, x = job.weights, job.inputs.astype(np.float64)[:, :, 0]
    if kind == "attention":
        factor = weights["attention.output_kernel"][0, 0]
        terms = (_attention(weights, x) * factor).reshape(len(x), -1)
    else:
        terms = reference.forward(job.layers, weights, job.inputs)["dense1"][:, :, 0]
    if kind == "residual":
        terms = terms.sum(axis=1, keepdims=True)  # the example's steps drop together
    outward = weights["output.kernel"][0, 0] / TIME
    return np.asarray(RATE / (1 - RATE) * np.sum((terms * outward) ** 2, axis=1))


def _attention(weights: Weights, x: Floats) -> Floats:
    """(n, time, time) attention weights times values."""
    kernel, bias = weights["attention.kernel"][0], weights["attention.bias"]
    query, key, value = (x * k + b for k, b in zip(kernel, bias, strict=True))
    powers = np.exp(query[:, :, None] * key[:, None, :])
    return np.asarray(powers / powers.sum(axis=2, keepdims=True) * value[:, None, :])
