"""From what a source holds to what a model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from advisor.data.tokens import Tokenizer, units_of
from advisor.data.values import Array, Rows
from advisor.recipe import Data


class Transform(Protocol):
    """Makes rows of a source's inputs what a model reads."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def shape(self, inputs: Array) -> tuple[int, ...]:
        """The shape of one example."""

    def apply(self, where: str, inputs: Array, rows: Rows) -> Array:
        """These rows as the model reads them; `where` opens the messages. Raises DataError."""


@dataclass(frozen=True)
class AsTokens:
    """Inputs that are tokens already."""

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int32)

    def shape(self, inputs: Array) -> tuple[int, ...]:
        return inputs.shape[1:]

    def apply(self, where: str, inputs: Array, rows: Rows) -> Array:
        return np.asarray(inputs[rows]).astype(np.int32)


@dataclass(frozen=True)
class Tokenizing:
    """Texts to (n, data.length) tokens."""

    tokenizer: Tokenizer
    data: Data

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.int32)

    def shape(self, inputs: Array) -> tuple[int, ...]:
        return (self.data.length,)

    def apply(self, where: str, inputs: Array, rows: Rows) -> Array:
        units = [units_of(text, self.data) for text in inputs[rows]]
        return self.tokenizer.table(units, self.data.length)


def tokenizing(inputs: Array, rows: Rows, data: Data) -> Tokenizing:
    """With a vocabulary of these rows of the texts only."""
    units = (units_of(inputs[row], data) for row in rows)
    return Tokenizing(Tokenizer.learned(units, data.vocabulary), data)
