"""Equal rows and equal columns of large arrays: found by hash, then compared, so exact."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.data.values import Array

Hashes = NDArray[np.uint64]
WORDS_AT_ONCE = 1 << 20
"""32-bit words that are hashed together; bounds the memory"""
HASH_STREAM = 3 << 40
"""Sets these random numbers apart from others."""


class Rows:
    """The rows of an array (n, ...), to be compared bit by bit; 0 and -0 are the same."""

    def __init__(self, array: Array) -> None:
        self._array = array.reshape(len(array), int(np.prod(array.shape[1:])))

    def __len__(self) -> int:
        return len(self._array)

    def words(self, rows: slice | NDArray[Any]) -> NDArray[np.uint32]:
        """(rows, words) the bits of these rows."""
        part = self._array[rows]
        if part.dtype.kind == "f":
            part = part + part.dtype.type(0)
        elif part.dtype.itemsize < 4:
            part = part.astype(np.int32)
        return np.ascontiguousarray(part).view(np.uint32)

    def pieces(self) -> list[slice]:
        width = max(1, self._array.shape[1] * max(4, self._array.itemsize) // 4)
        size = max(1, WORDS_AT_ONCE // width)
        return [slice(start, start + size) for start in range(0, len(self), size)]

    @cached_property
    def hashes(self) -> Hashes:
        """(n,) equal for equal rows, and for others nearly never."""
        found = np.empty(len(self), dtype=np.uint64)
        for piece in self.pieces():
            words = self.words(piece)
            found[piece] = (words * _factors(words.shape[1])).sum(axis=1, dtype=np.uint64)
        return found

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """(n,) a number for each row, from 0, the same for equal rows only."""
        _, first, kinds = np.unique(self.hashes, return_index=True, return_inverse=True)
        again = np.flatnonzero(first[kinds] != np.arange(len(self)))
        stray = again[~self._equal(again, self, first[kinds[again]])]
        kinds[stray] = len(first) + np.arange(len(stray))
        return np.asarray(kinds, dtype=np.int64)

    def among(self, others: Rows) -> NDArray[np.bool_]:
        """(n,) whether each row is also one of the others'."""
        if not len(others):
            return np.zeros(len(self), dtype=bool)
        order = np.argsort(others.hashes, kind="stable")
        place = np.searchsorted(others.hashes, self.hashes, sorter=order)
        candidates = order[np.minimum(place, len(others) - 1)]
        found = others.hashes[candidates] == self.hashes
        hits = np.flatnonzero(found)
        found[hits] = self._equal(hits, others, candidates[hits])
        return np.asarray(found)

    def _equal(
        self, rows: NDArray[Any], others: Rows, their_rows: NDArray[Any]
    ) -> NDArray[np.bool_]:
        """Whether each of these rows is, word by word, the other's row beside it."""
        size = max(1, WORDS_AT_ONCE // max(1, self._array.shape[1]))
        found = np.zeros(len(rows), dtype=bool)
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            same = self.words(rows[part]) == others.words(their_rows[part])
            found[part] = same.all(axis=1)
        return found

    def column_hashes(self) -> Hashes:
        """(columns,) equal for equal columns; of arrays of 32-bit values only."""
        found = np.zeros(self._array.shape[1], dtype=np.uint64)
        factors = _factors(len(self))
        for piece in self.pieces():
            weighted = self.words(piece) * factors[piece, np.newaxis]
            found += weighted.sum(axis=0, dtype=np.uint64)
        return found


def _factors(count: int) -> Hashes:
    """Odd random numbers, always the same."""
    random = np.random.Generator(np.random.Philox(key=np.array([0, HASH_STREAM], np.uint64)))
    drawn = random.integers(0, 2**64, count, dtype=np.uint64)
    return np.asarray(drawn | np.uint64(1))
