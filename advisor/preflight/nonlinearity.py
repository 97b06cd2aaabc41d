"""Is the model more than an affine function of its inputs? One without activations is none: its
outputs for the mean of two inputs are the mean of its outputs for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats, Weights
from advisor.backend import Inputs, OwnCodeError, Training
from advisor.data.values import Dataset
from advisor.preflight.contract import LEAST_SPREAD, TOGETHER
from advisor.preflight.forms import drawn
from advisor.preflight.part import Part
from advisor.training.evaluation import fixed_sample

PLAIN = 0.1
"""Departures beyond this are no rounding in any precision: nothing more needs to be tried."""
FEWEST = 3
"""Examples."""
HIDDEN = "outputs hardly vary or overflow, so that an affine model cannot be told"


def check_nonlinearity(dataset: Dataset, training: Training) -> Part:
    """The largest `departure`. Leaves the training with its weights as they were.

    What looks affine is looked at again under weights that hide nothing, as a branch does that
    starts at zero, and beyond the range of the examples, where other units are active.
    """
    n = len(dataset.train.targets)
    if dataset.vocabulary or n < FEWEST:
        return Part(notes=("means of inputs, to tell an affine model, need numbers",))
    inputs = np.asarray(dataset.train.inputs[fixed_sample(n, min(n, TOGETHER))])
    classes = dataset.task == "classification"
    try:
        found = _departures(training, inputs, classes)
    except OwnCodeError:
        return Part(notes=("the model takes no means of inputs, which would tell an affine one",))
    return Part(notes=(HIDDEN,)) if found is None else Part({"nonlinearity": found})


def _departures(training: Training, inputs: Inputs, classes: bool) -> float | None:
    """The first that is beyond doubt, else the largest; None where one cannot be told."""
    first = departure(training, inputs, classes)
    if first is not None and first > PLAIN:
        return first
    kept = training.state()
    try:
        training.load(_filled(drawn(training.weights(), np.random.default_rng(0))))
        others = [departure(training, each, classes) for each in (inputs, _turned(inputs))]
    finally:
        training.restore(kept)
    largest = max([value for value in (first, *others) if value is not None], default=0.0)
    return largest if largest > PLAIN or others[-1] is not None else None


def departure(training: Training, inputs: Inputs, classes: bool) -> float | None:
    """How far outputs for the means of neighbouring inputs are from the means of outputs, at
    most, in deviations of the outputs over the examples; None where these hardly vary.

    What all `classes` have in common is left out: no softmax sees it.
    """
    middle = (inputs + np.roll(inputs, 1, axis=0)) / 2
    with np.errstate(all="ignore"):
        ends, between = (_compared(training.predict(x), classes) for x in (inputs, middle))
        deviation = float(ends.std(axis=0).max())
        apart = float(np.abs(2 * between - ends - np.roll(ends, 1, axis=0)).max())
        size = float(max(np.abs(ends).max(), np.abs(between).max()))
    varies = np.isfinite(apart) and np.isfinite(deviation) and deviation > LEAST_SPREAD * size
    return apart / deviation if varies else None


def _compared(outputs: Floats, classes: bool) -> NDArray[np.float64]:
    values = np.asarray(outputs, np.float64)
    return values - values.mean(axis=-1, keepdims=True) if classes else values


def _turned(inputs: Inputs) -> Inputs:
    """Every second example times -1, so that neighbours have opposite signs."""
    signs = np.where(np.arange(len(inputs)) % 2, -1, 1).astype(inputs.dtype)
    return np.asarray(inputs * signs.reshape(-1, *[1] * (inputs.ndim - 1)))


def _filled(weights: Weights) -> Weights:
    """Arrays of nothing but zeros become random."""
    random = np.random.default_rng(1)
    return {
        name: random.standard_normal(array.shape)
        if array.dtype.kind == "f" and not array.any()
        else array
        for name, array in weights.items()
    }
