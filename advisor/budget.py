"""What tuning may spend: epochs, full trainings, or minutes.

Minutes are the wall time of trainings and probes. Starting the first worker, reading the data,
opening the test split and a person's time to think are no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from advisor.recipe import Recipe
from advisor.text import counted

Unit = Literal["e", "t", "m"]
WORDS: dict[Unit, str] = {"e": "epoch", "t": "training", "m": "minute"}


@dataclass
class Budget:
    """Spending so far against a limit. A training is `epochs_a_training` epochs."""

    limit: float
    unit: Unit
    epochs_a_training: float
    epochs: float = 0.0
    examples: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe) -> Budget:
        """The budget that the recipe's `tune.budget` states."""
        text = recipe.tune.budget
        unit: Unit = text[-1]  # type: ignore[assignment]
        return cls(float(text[:-1]), unit, float(recipe.train.epochs))

    def spend(self, epochs: float, examples: int, seconds: float) -> None:
        self.epochs += epochs
        self.examples += examples
        self.seconds += seconds

    @property
    def spent(self) -> float:
        """In the budget's own unit."""
        return self._in_unit(self.epochs, self.seconds)

    @property
    def share(self) -> float:
        """Spent / limit."""
        return self.spent / self.limit

    def allows(self, epochs: float, until: float = 1.0) -> bool:
        """Whether so many more epochs stay within this share of the limit."""
        pace = self.seconds / self.epochs if self.epochs else 0.0
        after = self.spent + self._in_unit(epochs, epochs * pace)
        return after <= until * self.limit * (1 + 1e-9)

    def holds(self, epochs: float) -> bool:
        """Whether the whole budget, spent or not, is at least so many epochs (as far as known)."""
        pace = self.seconds / self.epochs if self.epochs else 0.0
        return self.limit >= self._in_unit(epochs, epochs * pace) * (1 - 1e-9)

    def __str__(self) -> str:
        limit = counted(self.limit, WORDS[self.unit])
        return f"{_time(self.seconds) if self.unit == 'm' else f'{self.spent:.3g}'} of {limit}"

    def _in_unit(self, epochs: float, seconds: float) -> float:
        spent = {"e": epochs, "t": epochs / self.epochs_a_training, "m": seconds / 60}
        return spent[self.unit]


def _time(seconds: float) -> str:
    """`0.3 seconds`, `12 seconds` or, from a minute on, `1:23`."""
    if seconds < 9.95:
        return counted(round(seconds, 1), "second")
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else counted(whole, "second")
