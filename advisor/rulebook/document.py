"""The fields of a rule as they were written: each checked when it is asked for, and refused with
its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.conditions import did_you_mean
from advisor.facts import FactDefinition
from advisor.rulebook.rule import RuleError
from advisor.yaml_lines import Document

REQUIRED = ("id", "title", "stage", "when", "change", "expect", "why", "examples")
OPTIONAL = (
    "maturity",
    "treats",
    "rank",
    "probe",
    "price",
    "criterion",
    "caution",
    "references",
    "replaces",
)
LONGEST_SHOWN = 60


class RuleDocument:
    """One rule's YAML, `name` for messages, and the vocabulary that it may use."""

    def __init__(
        self, document: Document, vocabulary: Mapping[str, FactDefinition], name: str
    ) -> None:
        self._document, self.vocabulary, self.name = document, vocabulary, name
        self.raw = document.content

    def where(self, *path: str | int) -> str:
        """File and line of a value."""
        return f"{self.name}:{self._document.line(path)}"

    def error(self, message: str, *path: str | int) -> RuleError:
        field = ".".join(str(part) for part in path)
        return RuleError(f"{self.where(*path)}: {field + ': ' if field else ''}{message}")

    def check_fields(self) -> None:
        """Whether all that must be there are, and no others. Raises RuleError."""
        allowed = (*REQUIRED, *OPTIONAL)
        for field in self.raw:
            if field not in allowed:
                raise self.error(f"unknown field{did_you_mean(field, allowed)}", field)
        for field in REQUIRED:
            if self.raw.get(field) in (None, "", [], {}):
                raise self.error(f"field {field!r} is missing")

    def text(self, field: str, default: Any = ...) -> Any:
        value = self.raw.get(field)
        if value is None and default is not ...:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"found {shown(value)}; a text is needed", field)
        return value.strip()

    def texts(self, field: str) -> tuple[str, ...]:
        value = self.raw.get(field) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error("a list of texts is needed", field)
        return tuple(value)

    def one_of(self, field: str, allowed: Sequence[str], default: str = "") -> Any:
        value = self.raw.get(field, default)
        if value not in allowed:
            near = did_you_mean(value, allowed)
            raise self.error(f"found {shown(value)}{near}; allowed: {', '.join(allowed)}", field)
        return value

    def number(self, field: str, default: float, low: float, high: float) -> float:
        value = self.raw.get(field, default)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not low <= value <= high:
            raise self.error(
                f"found {shown(value)}; a number from {low} to {high} is needed", field
            )
        return float(value)


def shown(value: Any) -> str:
    """A value as a message shows it: cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."
