"""What the reader of recipes says to a text. Imports the reader: call it in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.text import clean, number

if TYPE_CHECKING:
    from advisor.recipe_file import Problem


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, ready to be shown."""

    line: int | None
    """from 1; None where the whole text is meant"""
    field: str
    found: str
    allowed: str = ""
    suggestion: str = ""


@dataclass(frozen=True)
class Checked:
    """What was found in one text."""

    faults: tuple[Fault, ...] = ()
    told: tuple[str, ...] = ()
    """what a valid recipe says, in a few lines"""

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def lines(self) -> frozenset[int]:
        """Those that are at fault, from 1."""
        return frozenset(fault.line for fault in self.faults if fault.line is not None)


def checked(text: str) -> Checked:
    """The faults of this recipe, or what it says."""
    from advisor import recipe_file

    try:
        recipe = recipe_file.parse(text)
    except recipe_file.RecipeError as error:
        return Checked(tuple(_fault(problem) for problem in error.problems))
    sections = {
        "model": recipe.model.kind,
        "optimizer": f"{recipe.optimizer.kind}, rate {number(recipe.optimizer.lr)}",
        "training": f"{recipe.train.epochs} epochs, batches of {recipe.train.batch_size}",
        "budget": recipe.tune.budget,
    }
    head = f"{recipe.name}: {recipe.task.replace('_', ' ')} judged by {recipe.metric}"
    return Checked(told=(clean(head), *(f"{k:10}{clean(v)}" for k, v in sections.items())))


def _fault(problem: Problem) -> Fault:
    texts = (problem.field, problem.found, problem.allowed, problem.suggestion)
    return Fault(problem.line, *map(clean, texts))
