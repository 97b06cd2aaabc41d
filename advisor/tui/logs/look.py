"""The lines of `advisor diagnose --json --curves`, folded into one value for each look. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from advisor.tui.model import CurveView, plain

Line = Mapping[str, Any]
GROUPS: Mapping[str, tuple[str, ...]] = {
    "loss": ("train_loss", "validation_loss"),
    "metric": ("train_metric", "validation_metric"),
    "gradient norm": ("grad_norm",),
    "learning rate": ("lr",),
}


@dataclass(frozen=True)
class Finding:
    """One symptom that fired, with what to do about it."""

    symptom: str
    severity: str
    explained_by: str = ""
    about: str = ""
    reads: str = ""
    window: str = ""
    first: str = ""
    waits: str = ""
    rule: str = ""
    change: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    expect: str = ""
    unless: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """What the log said at one moment."""

    axis: str = "step"
    curves: Mapping[str, CurveView] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    """as in docs/json.md"""

    @property
    def groups(self) -> tuple[str, ...]:
        """Those of GROUPS that have a curve."""
        return tuple(name for name in GROUPS if self.of(name))

    def of(self, group: str) -> dict[str, CurveView]:
        """The curves of a group, by name."""
        wanted = GROUPS[group]
        return {n: c for n, c in self.curves.items() if n.partition("/")[0] in wanted and c}


def looks(lines: Iterator[Line]) -> Iterator[Look]:
    """One look for each summary, with what came before it."""
    look = Look()
    for line in lines:
        match line.get("event"):
            case "curves":
                look = replace(look, axis=plain.text(line, "axis"), curves=_curves(line))
            case "finding":
                look = replace(look, findings=(*look.findings, _finding(line)))
            case "summary":
                yield replace(look, summary=dict(line))
                look = Look()


def _curves(line: Line) -> dict[str, CurveView]:
    found = {}
    for each in plain.mappings(line, "curves"):
        points = zip(each.get("x") or (), each.get("y") or (), strict=False)
        known = [(float(x), float(y)) for x, y in points if _is_number(x) and _is_number(y)]
        if known:
            x, y = zip(*known, strict=True)
            found[plain.text(each, "name")] = CurveView(x, y)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TEXTS = ("symptom", "severity", "explained_by", "about", "reads", "window", "first", "waits",
         "rule", "why", "expect")  # fmt: skip


def _finding(line: Line) -> Finding:
    known: dict[str, Any] = {name: plain.text(line, name) for name in TEXTS}
    return Finding(
        **known,
        change=plain.mapping(line, "change"),
        unless=plain.texts(line, "unless"),
        references=plain.texts(line, "references"),
        others=tuple(plain.text(each, "first") for each in plain.mappings(line, "others")),
    )
