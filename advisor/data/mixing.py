"""Pairs of examples made one: mixup (1710.09412) and CutMix (1905.04899)."""

from __future__ import annotations

import math

import numpy as np

from advisor.architecture import Floats
from advisor.data.batches import random_numbers
from advisor.data.values import Rows
from advisor.recipe import Augmentation

MIXUP_STREAM, CUTMIX_STREAM, CHOICE_STREAM = 9 << 40, 10 << 40, 11 << 40


def mix(inputs: Floats, augmentation: Augmentation, seed: int, step: int) -> tuple[Rows, Floats]:
    """Mix the examples (B, ...) of one batch in place.

    The place in the batch of each one's partner (B,), and the share (B,) that stays its own.
    With mixup and cutmix both on, each batch draws one of the two. Every pair has its own share.
    """
    chance = random_numbers(seed, CHOICE_STREAM + step).random()
    both = augmentation.mixup and augmentation.cutmix
    if augmentation.mixup if not both else chance < 0.5:
        return _mixup(inputs, augmentation.mixup, random_numbers(seed, MIXUP_STREAM + step))
    return _cutmix(inputs, augmentation.cutmix, random_numbers(seed, CUTMIX_STREAM + step))


def _mixup(inputs: Floats, alpha: float, random: np.random.Generator) -> tuple[Rows, Floats]:
    partners, shares = _pairs(len(inputs), alpha, random)
    other = inputs[partners]
    other -= inputs
    other *= (1 - shares).reshape(-1, *[1] * (inputs.ndim - 1))
    inputs += other
    return partners, shares


def _cutmix(images: Floats, alpha: float, random: np.random.Generator) -> tuple[Rows, Floats]:
    """A box around a random point comes from the partner; the shares are those of the area."""
    partners, shares = _pairs(len(images), alpha, random)
    height, width = images.shape[1:3]
    centres = random.random((2, len(images)))
    before = images.copy()
    for number, share in enumerate(shares.tolist()):
        side = math.sqrt(1 - share)
        rows = _span(centres[0, number], side, height)
        columns = _span(centres[1, number], side, width)
        images[number, rows, columns] = before[partners[number], rows, columns]
        area = (rows.stop - rows.start) * (columns.stop - columns.start)
        shares[number] = 1 - area / (height * width)
    return partners, shares


def _pairs(n: int, alpha: float, random: np.random.Generator) -> tuple[Rows, Floats]:
    return random.permutation(n), random.beta(alpha, alpha, n).astype(np.float32)


def _span(centre: float, share: float, size: int) -> slice:
    """That share of an axis, cut off at its ends."""
    length = round(share * size)
    start = int(centre * size) - length // 2
    return slice(max(0, start), max(0, min(size, start + length)))
