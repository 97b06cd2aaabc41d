"""The training examples on their device, and the batches that steps take from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advisor.architecture import PADDING
from advisor.backend import Batches, Inputs, Job
from advisor_torch.losses import target_type
from advisor_torch.tensors import from_array, slices, to_tensor

GATHERED_AT_ONCE = 64 << 20
"""bytes of training inputs that are put in order ahead of the steps that use them"""


class Batch(NamedTuple):
    """What one step, or a portion of it, trains on."""

    inputs: Tensor
    targets: Tensor
    second: Tensor | None = None
    """targets of the partners"""
    shares: Tensor | None = None
    """of the first target's loss"""

    def portions(self, count: int) -> Iterator[Batch]:
        """Consecutive portions, as equal as can be."""
        if count == 1:
            yield self
            return
        parts = [[None] * count if one is None else one.tensor_split(count) for one in self]
        yield from (Batch(*part) for part in zip(*parts, strict=True) if len(part[0]))


class Examples:
    """Inputs and targets of a job, on the device."""

    def __init__(self, job: Job, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        self._target_type = target_type(job.recipe, dtype)
        self._inputs = self.inputs(job.inputs)
        self._targets = self.targets(job.targets)
        self._any_padding = has_padding(job.inputs)

    def inputs(self, array: Inputs) -> Tensor:
        return to_tensor(array, self._device, self._dtype)

    def targets(self, array: NDArray[Any]) -> Tensor:
        return from_array(array).to(self._device, self._target_type)

    def padded(self, batches: Batches) -> bool:
        """Whether there may be padding among the tokens of these batches."""
        return self._any_padding if batches.inputs is None else has_padding(batches.inputs)

    def in_order(self, batches: Batches) -> Iterator[Batch]:
        """What each step trains on; gathered for many steps at once, then sliced."""
        rows, partners = self._rows(batches.rows), None
        if batches.partners is not None and batches.shares is not None:
            partners, every_share = self._rows(batches.partners), self.inputs(batches.shares)
        for part in slices(len(rows), self._steps_at_once(batches)):
            inputs = self._gathered(batches, rows, part)
            targets = self._targets_of(rows[part])
            if partners is None:
                yield from map(Batch, inputs, targets)
            else:
                shares = every_share[part].unbind()
                yield from map(Batch, inputs, targets, self._targets_of(partners[part]), shares)

    def _rows(self, rows: NDArray[Any]) -> Tensor:
        return torch.from_numpy(rows.astype(np.int64)).to(self._device)

    def _steps_at_once(self, batches: Batches) -> int:
        shape = self._inputs.shape[1:] if batches.inputs is None else batches.inputs.shape[2:]
        example = math.prod(shape) * self._inputs.element_size()
        size: int = batches.rows.shape[1]
        return max(1, GATHERED_AT_ONCE // max(1, size * example))

    def _gathered(self, batches: Batches, rows: Tensor, part: slice) -> tuple[Tensor, ...]:
        if batches.inputs is not None:
            return self.inputs(batches.inputs[part]).unbind()
        found = self._inputs.index_select(0, rows[part].flatten())
        return torch.split(found, rows.shape[1])

    def _targets_of(self, rows: Tensor) -> tuple[Tensor, ...]:
        return torch.split(self._targets.index_select(0, rows.flatten()), rows.shape[1])


def has_padding(inputs: Inputs) -> bool:
    """Whether these are tokens with padding among them."""
    return bool(np.issubdtype(inputs.dtype, np.integer) and (inputs == PADDING).any())
