"""Do two backends train the same thing? Gates with a value, a limit and a verdict each.

float64 tells whether two programs mean the same; float32 over many steps is chaos even of one
framework against itself, so its gates look at the first steps only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from advisor.architecture import Floats
from advisor.recipe import Recipe
from advisor.runner import Runner

FLOAT32_STEPS = 5
LIMITS: Mapping[str, float] = {
    "forward float64": 1e-12,
    "forward float32": 1e-5,
    "gradients float64": 1e-10,
    "gradients float32": 1e-4,
    "losses float64": 1e-9,
    "losses float32": 1e-5,
}


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


@dataclass(frozen=True)
class Agreement:
    """All gates for one recipe and one pair of backends."""

    backends: tuple[str, str]
    gates: tuple[Gate, ...]
    losses: Mapping[str, Sequence[float]]
    """training loss of each step in float64, by backend"""
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return all(gate.ok for gate in self.gates)

    @property
    def sentence(self) -> str:
        """The result for a person."""
        one, other = self.backends
        if self.ok:
            return f"{one} and {other} train the same model from this recipe."
        failed = ", ".join(gate.name for gate in self.gates if not gate.ok)
        return f"{one} and {other} do not agree: {failed} beyond the limit."


def compare(
    recipe: Recipe,
    backends: tuple[str, str],
    steps: int,
    device: str = "auto",
    say: Callable[[str], None] = lambda text: None,
) -> Agreement:
    """Run the same steps on both backends, in worker processes, and hold them together.

    Raises UserError for bad data or a missing backend.
    """
    measured: dict[tuple[str, str], dict[str, Floats]] = {}
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        for backend in backends:
            with Runner(backend, device) as runner:
                runner.check(recipe)
                for precision, count in (("float64", steps), ("float32", FLOAT32_STEPS)):
                    say(f"{backend}: {count} steps in {precision}")
                    file = Path(folder) / f"{backend}-{precision}.safetensors"
                    runner.parity(recipe, precision, min(count, steps), file)
                    measured[backend, precision] = load_file(file)
    gates = [
        gate
        for precision in ("float64", "float32")
        for gate in _gates(precision, *(measured[backend, precision] for backend in backends))
    ]
    losses = {backend: measured[backend, "float64"]["losses"].tolist() for backend in backends}
    return Agreement(backends, tuple(gates), losses, _notes(recipe))


def _gates(precision: str, one: Mapping[str, Floats], other: Mapping[str, Floats]) -> list[Gate]:
    gradients = [name for name in one if name.startswith("gradient.")]
    losses = one["losses"]
    values = {
        "forward": ("raw outputs on the same weights", _far(one["forward"], other["forward"])),
        "gradients": (
            "gradients of the first batch",
            _far(*(np.concatenate([side[n].ravel() for n in gradients]) for side in (one, other))),
        ),
        "losses": (
            f"training loss over {len(losses)} steps",
            float(np.max(np.abs(losses - other["losses"]) / np.abs(losses).clip(1e-12))),
        ),
    }
    return [
        Gate(f"{name} {precision}", about, value, LIMITS[f"{name} {precision}"])
        for name, (about, value) in values.items()
    ]


def _far(one: Floats, other: Floats) -> float:
    """Largest difference, relative to the largest value.

    All gradients are taken as one array: that of a bias before batch normalisation is zero but for
    rounding, and has no scale of its own.
    """
    scale = max(float(np.max(np.abs(one))), 1e-12)
    return float(np.max(np.abs(one - other))) / scale


def _notes(recipe: Recipe) -> tuple[str, ...]:
    if recipe.regularization.dropout:
        return ("dropout is off for the comparison: masks of two frameworks cannot agree",)
    return ("the recipe has no dropout; it would be off for the comparison",)


def summary(agreement: Agreement, recipe: Recipe) -> dict[str, Any]:
    """The documented last object of `compare --json`."""
    return {
        "event": "summary",
        "recipe": recipe.name,
        "backends": list(agreement.backends),
        "ok": agreement.ok,
        "gates": [
            {
                "name": gate.name,
                "about": gate.about,
                "value": gate.value,
                "limit": gate.limit,
                "ok": gate.ok,
            }
            for gate in agreement.gates
        ],
        "notes": list(agreement.notes),
        "verdict": agreement.sentence,
    }
