"""From the curve of a range test to a learning rate, and from several curves to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from advisor.architecture import Floats

LEAST_FALL = 0.05
"""A sweep whose loss gets less than this share below where it began, and below the loss of
ignoring the input, has no valid pick."""
DISAGREEMENT = 1.0
"""Decades: picks of several seeds that are further apart do not confirm each other."""


@dataclass(frozen=True)
class Pick:
    """What one curve suggests; `lr` is None where it has no valid pick, and the message why."""

    lr: float | None
    low: float | None
    high: float | None
    message: str


def suggest(lr: Floats, loss: Floats, initial_loss: float, chance_loss: float) -> Pick:
    """The median (in log10) of three picks, all left of where the loss turns up.

    The picks: the steepest descent in log10(lr); two thirds of the way (in log10) from where the
    loss starts to fall to its bottom; a tenth of the rate at the bottom. A curve that never gets
    clearly below both where it began and the loss of ignoring the input gives no pick.
    """
    finite = np.isfinite(loss)
    lr, loss = lr[finite], loss[finite]
    if len(loss) < 4:
        return Pick(None, None, None, "the loss was not finite from the lowest rates on")
    smooth = np.convolve(np.pad(loss, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    bottom = int(np.argmin(smooth[: _turn(smooth, initial_loss)]))
    fall = initial_loss - float(smooth[bottom])
    if float(loss.min()) > (1 - LEAST_FALL) * min(initial_loss, chance_loss) or fall <= 0:
        return Pick(None, None, None, "no rate made the loss fall clearly")
    position, falling = np.log10(lr), np.flatnonzero(initial_loss - smooth > LEAST_FALL * fall)
    low = int(falling[0])
    high = float(lr[bottom]) if bottom < len(lr) - 1 else None
    if bottom <= low:
        return Pick(None, float(lr[low]), high, "the loss falls at one rate only")
    slope = np.gradient(smooth, position)
    steepest = position[low + int(np.argmin(slope[low : bottom + 1]))]
    valley = position[low] + (position[bottom] - position[low]) * 2 / 3
    tenth = position[bottom] - 1
    middle = float(np.median([steepest, valley, tenth]))
    return Pick(float(f"{10**middle:.2g}"), float(lr[low]), high, "")


def _turn(smooth: Floats, initial_loss: float) -> int:
    """Where the loss first rises by half of what it had fallen: what comes after is chaos, in
    which a lower loss may turn up by chance."""
    lowest = np.minimum.accumulate(smooth)
    fallen = np.maximum(initial_loss - lowest, 4 * LEAST_FALL * abs(initial_loss))
    turned = np.flatnonzero(smooth - lowest > 0.5 * fallen)
    return int(turned[0]) if len(turned) else len(smooth)


def agreed(picks: Sequence[Pick]) -> Pick:
    """One pick of several seeds': the median of those that lie within a decade, if most do.

    Else there is none. To take the lowest would not be the safe way out: on made curves so noisy
    that seeds disagree, it lay a hundred to a thousand times below the right rate.
    """
    found = sorted(pick.lr for pick in picks if pick.lr is not None)
    if 2 * len(found) <= len(picks):
        return next(pick for pick in picks if pick.lr is None)
    low = _median([pick.low for pick in picks])
    high = _median([pick.high for pick in picks])
    near = _near(found)
    if 2 * len(near) > len(picks):
        return Pick(_median(near), low, high, "")
    told = ", ".join(f"{rate:.2g}" for rate in found)
    return Pick(None, low, high, f"the seeds do not agree: {told}")


def _near(rates: Sequence[float]) -> Sequence[float]:
    """The most rates (they are in order) that lie within a decade; of equally many the lowest."""
    spans = [rates[start : end + 1] for start, end in combinations(range(len(rates)), 2)]
    spans = [span for span in spans if np.log10(span[-1] / span[0]) <= DISAGREEMENT]
    return max(spans, key=len, default=rates[:1])


def _median(rates: Sequence[float | None]) -> float | None:
    """In log10, of those there are."""
    known = [rate for rate in rates if rate is not None]
    return float(f"{10 ** np.median(np.log10(known)):.2g}") if known else None
