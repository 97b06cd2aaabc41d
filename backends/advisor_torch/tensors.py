"""Tensors and arrays: layouts, and the way to a device and back.

Inside, images are (N, C, H, W) in channels-last memory, which is the canonical (N, H, W, C) seen
through a permutation: nothing is copied on the way in, nor on the way to the dense layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advisor.architecture import Floats


def channels_first(x: Tensor) -> Tensor:
    """(N, H, W, C) as (N, C, H, W); anything but images as it is."""
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def channels_last(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N, H, W, C); anything but images as it is."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def to_array(tensor: Tensor) -> Floats:
    """A copy in NumPy, which has no bfloat16."""
    tensor = tensor.detach().cpu()
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    copy: Floats = np.array(tensor.numpy(), order="C")
    return copy


def from_array(array: NDArray[Any]) -> Tensor:
    """On CPU, sharing memory where the array may be written to: PyTorch has no read-only tensor."""
    array = np.asarray(array, order="C")
    return torch.from_numpy(array) if array.flags.writeable else torch.tensor(array)


def to_tensor(array: NDArray[Any], device: torch.device, floats: torch.dtype) -> Tensor:
    """On the device; floating point becomes `floats`, integers (tokens) stay as they are."""
    tensor = from_array(array)
    return tensor.to(device, floats if tensor.is_floating_point() else None)


def slices(length: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size`; one empty slice when there is nothing."""
    return (slice(start, start + size) for start in range(0, max(1, length), size))
