"""Whether a gradient was cleared before the one that stands in it was added."""

from __future__ import annotations

import math
from dataclasses import dataclass

WITHIN = 0.05
"""What may be left of a gradient when those that it is made of are taken off, as a share of it and
of the one before: as a second pass over a batch doubles a gradient that is kept, within 5 %."""
LEAST = 0.01
"""Of the gradient before, as a share of the one handed over: less is lost in rounding."""
ALONG = 0.01
"""Sine of the angle between gradients of one direction, whatever clipping made of their length."""
FEWEST, SHARE = 8, 0.01
"""Coordinates, and their share of those that are not zero."""
NEAR, MOVED, TYPICAL, VARIED, APART = 1e-5, 1e-3, 0.05, 0.1, 0.5


@dataclass(frozen=True)
class Parts:
    """Inner products of what a kernel's gradient may consist of, where its newest part was caught
    as it came: the gradient handed over at a step, the one that stood there at the step before,
    and what backward passes have made since. NaN where it was not caught."""

    handed: float
    handed_before: float
    handed_fresh: float
    before: float
    before_fresh: float
    fresh: float

    @property
    def kept(self) -> bool | None:
        """True: the gradient is the one before with the fresh one added; False: it is the fresh
        one; None: neither, as where passes were thrown away, or it cannot be told."""
        if not math.isfinite(sum(vars(self).values())) or self.before <= LEAST**2 * self.handed:
            return None
        off_fresh = self.handed - 2 * self.handed_fresh + self.fresh
        left = off_fresh - 2 * (self.handed_before - self.before_fresh) + self.before
        most = WITHIN**2 * min(self.before, self.handed)
        if off_fresh <= most:
            return False
        if left <= most:
            return True
        return self._by_direction()

    def _by_direction(self) -> bool | None:
        """Clipping and scaling change the length of a gradient only."""
        both = self.fresh + 2 * self.before_fresh + self.before
        alone = _sine(self.handed_fresh, self.handed, self.fresh)
        added = _sine(self.handed_fresh + self.handed_before, self.handed, both)
        if alone <= ALONG and added > 5 * ALONG:
            return False
        return True if added <= ALONG and alone > 5 * ALONG and self._equally else None

    @property
    def _equally(self) -> bool:
        """Whether the one before has the weight of the fresh one, and was not shrunk."""
        of_before = self.handed_before * self.fresh - self.handed_fresh * self.before_fresh
        of_fresh = self.handed_fresh * self.before - self.handed_before * self.before_fresh
        return abs(of_before - of_fresh) <= WITHIN * of_fresh


@dataclass(frozen=True)
class Coordinates:
    """What became of the coordinates of the kernels' gradients from one step to the next, where
    only the outcome can be seen."""

    nonzero: float
    """how many were not zero before"""
    gone: float
    """of those, how many are zero now"""
    same: float
    """how many are not zero and have not changed by a bit"""
    near: float
    """how many have changed, by less than NEAR of themselves"""
    square: float
    """of the norm before"""
    moved_square: float
    """of the norm of the change"""
    product: float
    """inner product of before and now"""
    same_sum: float
    """sum of the magnitudes of those that are the same"""
    same_square: float
    """sum of their squares"""

    @property
    def kept(self) -> bool | None:
        """A unit that a batch does not excite adds nothing to its weights' gradients: they become
        zero where gradients are cleared, and stay as they are where they are not. Where all of
        them change, only two directions far apart say something.
        """
        if not self.square > 0 or not math.isfinite(self.moved_square):
            return None
        if self.gone >= FEWEST and self.gone > self.same:
            return False
        if self.same >= max(FEWEST, SHARE * self.nonzero) and not self.gone:
            return True if self._stands_still_for_no_other_reason() else None
        now = max(0.0, self.moved_square - self.square + 2 * self.product)
        return False if self.product < APART * math.sqrt(self.square * now) else None

    def _stands_still_for_no_other_reason(self) -> bool:
        """Not as gradients hardly move, nor as a small or a constant penalty is all there is."""
        mean, square = self.same_sum / self.same, self.same_square / self.same
        typical = square > TYPICAL**2 * self.square / self.nonzero
        varied = square - mean**2 > (VARIED * mean) ** 2
        drifts = self.near >= self.same or self.moved_square <= MOVED**2 * self.square
        return typical and varied and not drifts


def _sine(product: float, one: float, other: float) -> float:
    """Of the angle between two vectors of these squares; 1 where they do not point one way."""
    if not one * other > 0 or not product > 0:
        return 1.0
    return math.sqrt(max(0.0, 1 - product**2 / (one * other)))
