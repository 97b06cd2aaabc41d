"""The order of examples and their augmentation, the same for every backend."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from advisor.architecture import Floats
from advisor.data.values import DataError, Rows
from advisor.recipe import Augmentation

ORDER_STREAM, AUGMENTATION_STREAM = 2 << 40, 3 << 40
"""Set these random numbers apart from each other and from the initial weights'."""


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Optimiser steps of one pass over n examples; the last incomplete batch is dropped."""
    return n // batch_size


def epoch_rows(n: int, batch_size: int, seed: int, epoch: int) -> Rows:
    """(steps, batch_size) row numbers of one epoch, each at most once."""
    steps = steps_per_epoch(n, batch_size)
    order = _random(seed, ORDER_STREAM + epoch).permutation(n)
    return order[: steps * batch_size].reshape(steps, batch_size)


def augmented(inputs: Floats, augmentation: Augmentation, seed: int, step: int) -> Floats:
    """The images (S, B, height, width, channels) of S steps, the first of which is `step`.

    Random numbers depend on the seed and the number of the step only, so that any cut of an
    epoch into pieces gives the same images. Cropping pads with zeros, which is the mean of
    standardised images.
    """
    if not (augmentation.flip or augmentation.crop):
        return inputs
    if inputs.ndim != 5:
        raise DataError(
            f"regularization.augmentation needs images (height, width, channels); "
            f"the examples have shape {inputs.shape[2:]}"
        )
    result = np.empty(inputs.shape, dtype=np.float32)
    for number, images in enumerate(inputs):
        random = _random(seed, AUGMENTATION_STREAM + step + number)
        # drawn whether used or not: switching one kind off leaves the other as it was
        mirrored = random.random(len(images)) < 0.5
        shifts = random.integers(0, 2 * augmentation.crop + 1, (2, len(images)))
        result[number] = (
            _cropped(images, shifts, augmentation.crop) if augmentation.crop else images
        )
        if augmentation.flip:
            result[number, mirrored] = result[number, mirrored, :, ::-1]
    return result


def _cropped(images: Floats, shifts: Rows, margin: int) -> Floats:
    border = (margin, margin)
    padded = np.pad(images, ((0, 0), border, border, (0, 0)))
    windows = sliding_window_view(padded, images.shape[1:], axis=(1, 2, 3))[:, :, :, 0]
    return np.asarray(windows[np.arange(len(images)), shifts[0], shifts[1]])


def _random(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, stream]))
