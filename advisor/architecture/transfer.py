"""Weights of an earlier training: how they are taken over, and how fast each layer then moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from advisor.architecture.layers import Floats, Weights
from advisor.architecture.weights import is_trainable
from advisor.recipe import Transfer

HEAD = "output"


class TransferError(ValueError):
    """The stored weights, or the names in `transfer`, do not fit the model. For the user."""


def transferred(transfer: Transfer, initial: Weights, stored: Mapping[str, Floats]) -> Weights:
    """The initial weights with the stored ones in their place. Raises TransferError.

    With `head: replace` the output layer keeps its initial weights; every other array must be
    there, in the same shape.
    """
    weights: Weights = {}
    for name, array in initial.items():
        if block_of(name) == HEAD and transfer.head == "replace":
            weights[name] = array
            continue
        found = stored.get(name)
        if found is None or found.shape != array.shape:
            has = "is not there" if found is None else f"has shape {found.shape}"
            raise TransferError(
                f"transfer.weights: {transfer.weights}: {name} {has}; the model needs shape "
                f"{array.shape} (the file holds: {', '.join(list(stored)[:12])})"
            )
        weights[name] = np.asarray(found, dtype=np.float64)
    return weights


def block_of(name: str) -> str:
    """The block that an array belongs to: `conv1` for `conv1.norm.scale`."""
    return name.partition(".")[0]


def blocks_of(names: Sequence[str]) -> list[str]:
    """The blocks of a model that train, from the input to the output."""
    return list(dict.fromkeys(block_of(name) for name in names if is_trainable(name)))


def check_names(transfer: Transfer, names: Sequence[str]) -> None:
    """Raise TransferError for a prefix that no parameter's name starts with."""
    for field, prefixes in (("frozen", transfer.frozen), ("multipliers", transfer.multipliers)):
        for prefix in prefixes:
            if not any(name.startswith(prefix) for name in names):
                raise TransferError(
                    f"transfer.{field}: no layer's name starts with {prefix!r}; "
                    f"the model has: {', '.join(blocks_of(names))}"
                )


def rate_scales(
    transfer: Transfer, names: Sequence[str], progress: float
) -> dict[str, float] | None:
    """The factor on the learning rate of each parameter; None when all are 1.

    `progress` is the share of all steps that is done. A factor of 0 freezes. With `thaw`, the
    output layer trains from the start and each block before it joins at an even distance.
    """
    if not (transfer.frozen or transfer.thaw or transfer.multipliers or transfer.layer_decay < 1):
        return None
    blocks = blocks_of(names)
    depth = {block: len(blocks) - 1 - place for place, block in enumerate(blocks)}
    scales = {}
    for name in filter(is_trainable, names):
        up = depth[block_of(name)]
        scale = transfer.layer_decay**up
        for prefix, factor in transfer.multipliers.items():
            if name.startswith(prefix):
                scale *= factor
        thawed = _reached(progress, transfer.thaw * up / max(1, len(blocks) - 1))
        if name.startswith(transfer.frozen) or not thawed:
            scale = 0.0
        scales[name] = scale
    return None if all(scale == 1.0 for scale in scales.values()) else scales


def _reached(progress: float, share: float) -> bool:
    """Whether this share of the steps is done, however the two were rounded."""
    return progress >= share - 1e-9
