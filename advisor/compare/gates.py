"""Gates 1 to 3: outputs, gradients and losses of two backends that took the same steps.

float64 tells whether two programs mean the same; float32 over many steps is chaos even of one
framework against itself, so its gates look at the first steps only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.architecture import Floats

FLOAT32_STEPS = 5
FULL_STEPS = 1000
LIMITS: Mapping[str, float] = {
    "forward float64": 1e-12,
    "forward float32": 1e-5,
    "gradients float64": 1e-10,
    "gradients float32": 1e-4,
    "losses float64": 1e-9,
    "losses float32": 1e-5,
    "trained float64": 1e-8,
}
"""Largest relative difference. `trained` has no float32: outputs are the sum of all steps."""
TINY = 1e-12
GRADIENT = "gradient."


@dataclass(frozen=True)
class Gate:
    """One question, answered with a number."""

    name: str
    about: str
    value: float
    limit: float

    @property
    def ok(self) -> bool:
        return bool(self.value <= self.limit)  # NaN is not ok


def step_gates(
    precision: str, one: Mapping[str, Floats], other: Mapping[str, Floats]
) -> list[Gate]:
    """Hold what `advisor.parity.measure` returned for two backends against each other."""
    questions = {
        "forward": ("raw outputs on the same weights", far(one["forward"], other["forward"])),
        "gradients": ("gradients of the first batch", _gradients_far(one, other)),
        "losses": _losses(one["losses"], other["losses"]),
    }
    if "trained" in one:
        about = f"raw outputs after {len(one['losses'])} steps"
        questions["trained"] = about, far(one["trained"], other["trained"])
    return [
        Gate(f"{name} {precision}", about, value, LIMITS[f"{name} {precision}"])
        for name, (about, value) in questions.items()
        if f"{name} {precision}" in LIMITS
    ]


def far(one: Floats, other: Floats) -> float:
    """Largest difference, relative to the largest value of `one`; infinite between shapes."""
    if one.shape != other.shape:
        return np.inf
    scale = max(float(np.max(np.abs(one), initial=0.0)), TINY)
    return float(np.max(np.abs(one - other), initial=0.0)) / scale


def _gradients_far(one: Mapping[str, Floats], other: Mapping[str, Floats]) -> float:
    """All gradients are taken as one array: that of a bias before batch normalisation is zero but
    for rounding, and has no scale of its own."""
    names = sorted(name for name in one if name.startswith(GRADIENT))
    if names != sorted(name for name in other if name.startswith(GRADIENT)):
        return np.inf
    if any(one[name].shape != other[name].shape for name in names):
        return np.inf
    return far(*(np.concatenate([side[name].ravel() for name in names]) for side in (one, other)))


def _losses(one: Floats, other: Floats) -> tuple[str, float]:
    """A training that diverges at the same step in both is held together up to there."""
    finite = [int(np.argmin([*np.isfinite(losses), False])) for losses in (one, other)]
    if one.shape != other.shape or finite[0] != finite[1]:
        return f"training loss over {len(one)} steps", np.inf
    count = finite[0]
    about = f"training loss over {count} steps"
    if count < len(one):
        about += f" (not finite from step {count + 1} on, in both)"
    if not count:
        return about, np.nan
    difference = np.abs(one - other)[:count] / np.abs(one[:count]).clip(TINY)
    return about, float(np.max(difference))
