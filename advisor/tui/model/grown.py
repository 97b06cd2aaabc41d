"""Sequences that only grow, shared by reference between snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, overload

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Grown(Sequence[T], Generic[T]):
    """The first `length` entries of a list that others append to: costs nothing to take.

    An entry may be replaced by a later state of the same thing (a trial that ends), never removed.
    """

    entries: list[T] = field(default_factory=list)
    length: int = 0

    @classmethod
    def of(cls, entries: list[T]) -> Grown[T]:
        return cls(entries, len(entries))

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self.entries[n] for n in range(*index.indices(self.length))]
        if not -self.length <= index < self.length:
            raise IndexError(index)
        return self.entries[index if index >= 0 else self.length + index]

    def __iter__(self) -> Iterator[T]:
        for index in range(self.length):
            yield self.entries[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grown):
            return NotImplemented
        same = self.entries is other.entries and self.length == other.length
        return same or (self.length == other.length and list(self) == list(other))

    __hash__ = None  # type: ignore[assignment]
