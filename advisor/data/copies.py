"""Equal examples stay on one side of a random split: else validation is partly training."""

from __future__ import annotations

import numpy as np

from advisor.data.hashing import Rows as Examples
from advisor.data.values import Array, Rows

MOST_COPIES = 0.5
"""Where more of the examples have copies, inputs take few values and must coincide."""


def kept_together(part: Rows, inputs: Array) -> Rows:
    """(n,) the part of each row, with all copies where the first of them was dealt.

    Arrays that stay on disk, and texts, are not looked at.
    """
    if isinstance(inputs, np.memmap) or inputs.dtype.kind not in "biuf":
        return part
    kinds = Examples(inputs).kinds
    copied = np.bincount(kinds)[kinds] > 1
    if not copied.any() or copied.mean() > MOST_COPIES:
        return part
    _, first = np.unique(kinds, return_index=True)
    return np.where(copied, part[first[kinds]], part)
