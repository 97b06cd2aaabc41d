"""Inputs that are too large for memory: read, and made what the model sees, row by row."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import psutil

from advisor.data.transform import Transform
from advisor.data.values import Array, Rows

MOST_MAPPED = 1 << 30
"""Mapped training inputs of more bytes than this (as float32) are streamed in any case."""
SHARE_OF_MEMORY = 0.25
"""... and any that would take more than this share of the memory that is available."""


def is_too_large(inputs: Array, rows: int) -> bool:
    """Whether so many rows, as float32, should not be held in memory."""
    needed = 4 * rows * int(np.prod(inputs.shape[1:], dtype=np.int64))
    if needed > MOST_MAPPED and _is_mapped(inputs):
        return True
    return bool(needed > SHARE_OF_MEMORY * psutil.virtual_memory().available)


def _is_mapped(inputs: Array) -> bool:
    owner: object = inputs
    while owner is not None and not isinstance(owner, np.memmap):
        owner = getattr(owner, "base", None)
    return owner is not None


class StreamedInputs:
    """Looks like a float32 (int32 for tokens) array of shape (n, ...), but reads when indexed.

    `inputs[start:stop]` and `inputs[rows]`, with whole numbers of any shape, give arrays. All at
    once is `inputs[:]`, and never happens unasked.
    """

    def __init__(self, where: str, inputs: Array, rows: Rows, transform: Transform) -> None:
        """These rows of `inputs`, in this order; `where` opens the messages."""
        self._where, self._inputs, self._rows, self._transform = where, inputs, rows, transform
        self.dtype: np.dtype[Any] = transform.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._rows), *self._transform.shape(self._inputs))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: slice | int | Array) -> Array:
        """Raises IndexError, TypeError (no whole numbers), and DataError (not finite)."""
        if isinstance(index, slice):
            return self._read(self._rows[index])
        wanted = np.asarray(index)
        if wanted.dtype.kind not in "iu" and wanted.size:
            raise TypeError(f"rows must be whole numbers or a slice, not {wanted.dtype}")
        found = self._read(self._rows[wanted.astype(np.int64)].reshape(-1))
        return found.reshape(*wanted.shape, *found.shape[1:])

    def _read(self, rows: Rows) -> Array:
        order = np.argsort(rows, kind="stable")  # a disk is quicker from front to back
        found = self._transform.apply(self._where, self._inputs, rows[order])
        result = np.empty_like(found)
        result[order] = found
        return result

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("streamed inputs do not fit into memory; index the rows that are needed")
