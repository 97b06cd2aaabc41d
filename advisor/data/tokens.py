"""Text to tokens: characters, or words and punctuation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from advisor.architecture import PADDING
from advisor.data.values import Array
from advisor.recipe import Data

UNKNOWN = 1
RESERVED = ("<padding>", "<unknown>")
WORD = re.compile(r"\w+|[^\w\s]")
CODE_POINTS = 0x110000
LONG_TEXT = 100_000
"""Characters of so many are counted in an array of all code points, which is quicker."""
Units: TypeAlias = str | list[str]
"""A text in pieces: its characters, or its words and punctuation."""


def units_of(text: str, data: Data) -> Units:
    """The pieces that become tokens. Words are in lower case; spaces are none."""
    return text if data.tokens == "characters" else WORD.findall(text.lower())


@dataclass(frozen=True)
class Tokenizer:
    """Token numbers of the most frequent pieces of the training texts; 0 and 1 are reserved.

    Equally frequent pieces come in the order of their code points.
    """

    names: tuple[str, ...]
    """what each token stands for, padding and unknown first"""

    @classmethod
    def learned(cls, texts: Iterable[Units], most: int) -> Tokenizer:
        """At most `most` tokens besides padding and unknown, from these texts only."""
        counts = Counter[str]()
        for text in texts:
            counts.update(_counted(text))
        frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))[:most]
        return cls((*RESERVED, *frequent))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names) if number > UNKNOWN}

    @cached_property
    def _of_code_points(self) -> Array:
        table = np.full(CODE_POINTS, UNKNOWN, dtype=np.int32)
        for name, number in self._numbers.items():
            table[ord(name)] = number
        return table

    def encode(self, units: Units) -> Array:
        """int32, one for each piece."""
        if isinstance(units, str):
            return np.asarray(self._of_code_points[_code_points(units)])
        numbers = self._numbers
        return np.fromiter((numbers.get(unit, UNKNOWN) for unit in units), np.int32, len(units))

    def table(self, texts: Sequence[Units], length: int) -> Array:
        """(n, length) int32, cut or padded at the end. A text of nothing is one unknown token."""
        made = np.full((len(texts), length), PADDING, dtype=np.int32)
        for row, text in enumerate(texts):
            found = self.encode(text[:length])
            made[row, : len(found)] = found
            if not len(found):
                made[row, 0] = UNKNOWN
        return made


def _counted(units: Units) -> Mapping[str, int]:
    if isinstance(units, list) or len(units) < LONG_TEXT:
        return Counter(units)
    counts = np.bincount(_code_points(units))
    return {chr(code): int(counts[code]) for code in np.flatnonzero(counts)}


def _code_points(text: str) -> Array:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def blocks(tokens: Array, length: int) -> tuple[Array, Array]:
    """(n, length) tokens side by side and, as int64, the token that follows each."""
    n = (len(tokens) - 1) // length
    inputs = tokens[: n * length].reshape(n, length)
    return inputs, tokens[1 : n * length + 1].reshape(n, length).astype(np.int64)
