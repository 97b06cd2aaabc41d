"""What is wrong with a recipe file, for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault: where it is, what was found, and what is allowed there."""

    where: str
    """the file, or the override as it was given"""
    line: int | None
    """counted from 1; None for an override and for a file that could not be read"""
    field: str
    """such as optimizer.lr; empty for the recipe as a whole"""
    found: str
    allowed: str = ""
    suggestion: str = ""
    """a near miss among what is allowed"""

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}: {self.field}"
        message = self.found + (f"; allowed: {self.allowed}" if self.allowed else "")
        hint = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{place.removesuffix(': ')}: {message}{hint}"


class RecipeError(ValueError):
    """A recipe that cannot be used. Its text has one line for each problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def near(name: object, known: Sequence[str]) -> str:
    """The nearest of `known`, or nothing."""
    return next(iter(difflib.get_close_matches(str(name), known, 1)), "")
