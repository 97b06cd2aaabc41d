"""All that is known of one trial, shared by facts and symptoms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advisor.architecture import Floats
from advisor.events import Evaluated
from advisor.schedule import handover_step
from advisor.standing import Standing
from advisor.trends import finite_median, log_slope

DECAYED = 0.1
"""Windows whose rate is below this share of the peak say nothing about the size of updates."""


@dataclass(frozen=True)
class History(Standing):
    """What is known of a trial so far. Metrics are turned so that larger is better."""

    @cached_property
    def probed(self) -> Mapping[str, float | str | bool | None]:
        """What probes measured, by fact; of what several measured, the last value."""
        found: dict[str, float | str | bool | None] = {}
        for event in self.timeline.probes:
            known = {name: value for name, value in event.facts.items() if value is not None}
            found = {**event.facts, **found, **known}
        return found

    @cached_property
    def kernels(self) -> list[str]:
        """Names of the kernels, from the input to the output, without tables of vectors."""
        names = list(self.timeline.layer_names)
        places = {name: _place(name) for name in names}
        if None in places.values():  # somebody's own model: as the backend reports them
            return names
        layers = [name for name in names if not name.startswith(_TABLES)]
        return sorted(layers, key=lambda name: places[name] or (0,))

    @cached_property
    def update_ratios(self) -> dict[str, Floats]:
        """Each kernel's update-to-weight ratio at each report, decayed ends left out."""
        found = {}
        for name in self.kernels:
            series = self.timeline.layers[name]
            found[name] = series.update_ratio.values[self._awake(series.ends.values)]
        return found

    def _awake(self, ends: Floats) -> NDArray[np.bool_]:
        """(reports,) whether the rate was still a fair part of the peak at the last step."""
        if not self.steps or not self.knows("lr"):
            return np.ones(len(ends), dtype=bool)
        rates = self._relative(np.maximum(ends.astype(np.int64), 1) - 1)
        return np.asarray(rates >= DECAYED * self.peak_rate)

    @cached_property
    def peak_rate(self) -> float:
        """The largest `relative_lr` so far; 0 before the first step."""
        if self._handover is not None:
            return float(np.nanmax(self.relative_lr, initial=0.0))
        return max(0.0, self.timeline.rates.highest / self.recipe.optimizer.lr)

    @cached_property
    def update_ratio(self) -> float | None:
        """Median over the run of each kernel's ratio, then the median over kernels."""
        found = [finite_median(values) for values in self.update_ratios.values()]
        known = [value for value in found if value is not None]
        return float(np.median(known)) if known else None

    @cached_property
    def layer_gradients(self) -> dict[str, float]:
        """Each kernel's median gradient norm, in order from the input."""
        found = {
            name: finite_median(self.timeline.layers[name].grad_norm.values)
            for name in self.kernels
        }
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def inspections(self) -> list[Evaluated]:
        """The evaluations at which activations were inspected."""
        return [e for e in self.evaluations if e.activations]

    def layer_shares(self, name: Literal["dead", "saturated"]) -> dict[str, float]:
        """Each activation layer's share, the lower of the last two inspections: units that come
        back were neither dead nor stuck."""
        recent = self.inspections[-2:]
        if not recent:
            return {}
        return {
            layer: min(
                float(getattr(e.activations[layer], name)) for e in recent if layer in e.activations
            )
            for layer in recent[-1].activations
        }

    @property
    def rate_is_on(self) -> bool:
        """Whether the last rate is still a fair part of the peak: decay slows any run by design."""
        return bool(self.steps) and self.last_rate > 3 * DECAYED * self.peak_rate

    @property
    def last_rate(self) -> float:
        """The last `relative_lr`."""
        return float(self._relative(np.array([self.steps - 1]))[0])

    @cached_property
    def relative_lr(self) -> Floats:
        """(steps,) the rate as a share of the peak of the optimiser that took the step."""
        if self._handover is None:
            return self.lr / self.recipe.optimizer.lr
        return self._relative(np.arange(self.steps))

    def _relative(self, places: NDArray[np.int64]) -> Floats:
        rates, first = self.lr[places], self._handover
        if first is None:
            return rates / self.recipe.optimizer.lr
        peak = self.recipe.optimizer.handover.lr  # type: ignore[union-attr]
        return np.asarray(rates / np.where(places < first, self.recipe.optimizer.lr, peak))

    @cached_property
    def _handover(self) -> int | None:
        return handover_step(self.recipe, self.total_steps)

    @cached_property
    def late_trend(self) -> tuple[float, float] | None:
        """Slope of the logarithm of the training loss over the last third of the run, in units
        of a whole run, and its t statistic."""
        return log_slope(self.loss[2 * len(self.loss) // 3 :], 1 / 3)


_TABLES = ("embedding.", "positions.")
_PARTS = ("embedding", "projection", "positions", "stem"), ("conv", "stage", "recurrent", "block")
_ORDER = {
    **dict.fromkeys(_PARTS[0], 0),
    **dict.fromkeys(_PARTS[1], 1),
    "dense": 2,
    "output": 3,
}


def _place(name: str) -> tuple[int, ...] | None:
    """Where in our own models a kernel of this name is; None when they have none."""
    part = re.match(r"([a-z]+)[0-9_]*\.", name)
    if part is None or part[1] not in _ORDER:
        return None
    return (_ORDER[part[1]], *map(int, re.findall(r"\d+", name)))
