"""Random changes of training examples, the same for every backend.

Random numbers depend on the seed, the number of the step and the kind of change only: any cut of
an epoch into pieces gives the same examples, and switching one kind on or off leaves what the
others draw as it was (flip and crop are one kind).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from advisor.architecture import Floats
from advisor.data.batches import random_numbers
from advisor.data.description import IMAGES_ONLY
from advisor.data.geometry import blank_squares, mirror, rotate, shifted
from advisor.data.mixing import mix
from advisor.data.values import Array, DataError, Inputs
from advisor.recipe import Augmentation

AUGMENTATION_STREAM, ROTATION_STREAM, TRANSLATION_STREAM = 3 << 40, 4 << 40, 5 << 40
COLOR_STREAM, CUTOUT_STREAM, NOISE_STREAM = 6 << 40, 7 << 40, 8 << 40
Draw = Callable[[np.random.Generator], Any]


class Augmented(NamedTuple):
    """The inputs of S steps of B examples, and the second targets where they are mixed."""

    inputs: Array
    """(S, B, ...)"""
    partners: Array | None
    """(S, B) row numbers of the examples that were mixed in"""
    shares: Floats | None
    """(S, B) share of the first example"""


def augmented_batches(
    inputs: Inputs, rows: Array, augmentation: Augmentation, seed: int, step: int
) -> Augmented:
    """These rows (S, B) of the training inputs, changed and mixed; `step` is the first of S.

    `inputs` may be streamed. Raises DataError as `augmented` does.
    """
    taken = np.asarray(inputs[rows])
    if not augmentation.changes_inputs:
        return Augmented(taken, None, None)
    changed = _changed(taken, augmentation, seed, step)
    if not augmentation.mixes:
        return Augmented(changed, None, None)
    partners, shares = np.empty_like(rows), np.empty(rows.shape, dtype=np.float32)
    for number, batch in enumerate(changed):
        place, shares[number] = mix(batch, augmentation, seed, step + number)
        partners[number] = rows[number, place]
    return Augmented(changed, partners, shares)


def augmented(inputs: Floats, augmentation: Augmentation, seed: int, step: int) -> Floats:
    """The examples (S, B, ...) of S steps, the first of which is `step`, changed but not mixed.

    Leaves `inputs` as they are. Raises DataError for what is no image; `check_augmentation` says
    so before training begins.
    """
    unmixed = augmentation.model_copy(update={"mixup": 0.0, "cutmix": 0.0})
    if not unmixed.changes_inputs:
        return inputs
    return _changed(inputs.copy(), unmixed, seed, step)


def _changed(inputs: Floats, how: Augmentation, seed: int, step: int) -> Floats:
    """Works in place where it can."""
    if inputs.ndim != 5 and any(getattr(how, name) for name in IMAGES_ONLY):
        raise DataError(
            f"regularization.augmentation needs images (height, width, channels); "
            f"the examples have shape {inputs.shape[2:]}"
        )
    steps, batch = inputs.shape[:2]
    flat = inputs.reshape(-1, *inputs.shape[2:])

    def drawn(stream: int, draw: Draw) -> list[Array]:
        """What `draw` gives for each step, (..., B), along the examples of all steps."""
        each = [draw(random_numbers(seed, stream + step + number)) for number in range(steps)]
        return [np.concatenate(parts) for parts in zip(*each, strict=True)] if each else []

    if steps and batch:
        flat = _moved(flat, how, batch, drawn)
        _recoloured(flat, how, batch, drawn)
    return flat.reshape(inputs.shape)


def _moved(
    images: Floats, how: Augmentation, batch: int, drawn: Callable[[int, Draw], list[Array]]
) -> Floats:
    if how.flip or how.crop:
        # drawn whether used or not: switching one of the two off leaves the other as it was
        mirrored, tops, lefts = drawn(
            AUGMENTATION_STREAM,
            lambda random: (
                random.random(batch) < 0.5,
                *random.integers(0, 2 * how.crop + 1, (2, batch)),
            ),
        )
        if how.crop:
            images = shifted(images, how.crop - tops, how.crop - lefts)
        if how.flip:
            mirror(images, mirrored)
    if how.rotation:
        rotate(images, *drawn(ROTATION_STREAM, lambda random: _angles(random, how.rotation, batch)))
    if how.translation:
        most = np.maximum(1, np.rint(how.translation * np.array(images.shape[1:3]))).astype(int)
        shifts = drawn(
            TRANSLATION_STREAM,
            lambda random: [random.integers(-each, each + 1, batch) for each in most],
        )
        images = shifted(images, *shifts)
    return images


def _recoloured(
    inputs: Floats, how: Augmentation, batch: int, drawn: Callable[[int, Draw], list[Array]]
) -> None:
    if how.color:
        factors = drawn(COLOR_STREAM, lambda random: random.uniform(-1, 1, (3, batch)))
        _color(inputs, *(how.color * each.astype(np.float32) for each in factors))
    if how.cutout:
        height, width = inputs.shape[1:3]
        centres = drawn(
            CUTOUT_STREAM,
            lambda random: [random.integers(0, size, batch) for size in (height, width)],
        )
        blank_squares(inputs, centres[0], centres[1], how.cutout)
    if how.noise:
        shape = (batch, *inputs.shape[1:])
        (noise,) = drawn(
            NOISE_STREAM, lambda random: [random.standard_normal(shape, dtype=np.float32)]
        )
        noise *= np.float32(how.noise)
        inputs += noise


def _angles(random: np.random.Generator, most: float, batch: int) -> tuple[Floats, Floats]:
    angles = np.deg2rad(random.uniform(-most, most, batch))
    return np.cos(angles), np.sin(angles)


def _color(images: Floats, brightness: Floats, contrast: Floats, saturation: Floats) -> None:
    """In place: add `brightness`; stretch distances from the image's mean by 1 + `contrast`; with
    three channels, those from each pixel's grey (the mean of its channels) by 1 + `saturation`.

    On standardised images the unit of brightness is one deviation of the training images.
    """
    flat = images.reshape(len(images), -1)
    offset = brightness - contrast * flat.mean(axis=1)
    flat *= (1 + contrast)[:, None]
    flat += offset[:, None]
    if images.shape[-1] != 3:
        return
    grey = (images[..., 0] + images[..., 1] + images[..., 2]) * np.float32(1 / 3)
    grey *= saturation[:, None, None]
    flat *= (1 + saturation)[:, None]
    for channel in range(3):
        images[..., channel] -= grey
