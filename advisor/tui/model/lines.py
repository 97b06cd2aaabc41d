"""Parts of the journal's lines as views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.tui.model import bounds, plain
from advisor.tui.model.views import (
    BudgetView,
    DecisionView,
    FindingView,
    IncumbentView,
    LookView,
    ProposalView,
    Question,
    StageView,
    TrialView,
)

Line = Mapping[str, Any]


def stage(line: Line) -> StageView:
    return StageView(
        plain.text(line, "name"),
        plain.text(line, "phase"),
        " ".join(plain.text(line, "about").split()),
    )


def budget(line: Line) -> BudgetView:
    return BudgetView(
        plain.number(line, "epochs") or 0.0,
        plain.number(line, "trials") or 0.0,
        plain.number(line, "seconds") or 0.0,
        plain.number(line, "share") or 0.0,
        plain.text(line, "text"),
    )


def trial(line: Line, replayed: bool = False) -> TrialView:
    return TrialView(
        plain.whole(line, "trial") or 0,
        plain.text(line, "purpose"),
        plain.text(line, "stage"),
        plain.whole(line, "seed"),
        plain.mapping(line, "changes"),
        plain.text(line, "folder"),
        plain.whole(line, "epochs"),
        plain.whole(line, "against"),
        replayed=replayed or bool(line.get("replayed")),
    )


def finding(line: Line) -> FindingView:
    return FindingView(
        plain.text(line, "symptom"),
        plain.text(line, "outcome"),
        plain.text(line, "severity"),
        plain.text(line, "explained_by"),
        plain.mapping(line, "evidence"),
        plain.text(line, "window"),
        plain.text(line, "threshold"),
        plain.text(line, "reads"),
    )


def findings(line: Line) -> tuple[FindingView, ...]:
    return tuple(finding(each) for each in plain.mappings(line, "symptoms"))


def question(line: Line) -> Question:
    proposals = tuple(proposal(each) for each in plain.mappings(line, "proposals"))
    stage_name = plain.text(line, "stage")
    number = plain.whole(line, "n")
    return Question(
        -1 if number is None else number,
        stage_name,
        proposals or (proposal(line),),
        plain.texts(line, "refused"),
    )


def proposal(line: Line) -> ProposalView:
    change = {path: _pair(value) for path, value in plain.mapping(line, "change").items()}
    return ProposalView(
        plain.text(line, "rule"),
        plain.text(line, "title"),
        plain.text(line, "stage"),
        change,
        paragraph(plain.text(line, "why")),
        paragraph(plain.text(line, "expect")),
        paragraph(plain.text(line, "caution")),
        plain.texts(line, "references"),
        plain.text(line, "maturity"),
        plain.mapping(line, "measured"),
        plain.text(line, "treats"),
        plain.text(line, "aim"),
        plain.number(line, "epochs"),
        plain.mapping(line, "experience"),
    )


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, value)


def decision(line: Line, metric: str) -> DecisionView:
    low, high = (bounds.gain(metric, plain.number(line, name)) for name in ("low", "high"))
    return DecisionView(
        plain.text(line, "stage"),
        plain.text(line, "rule"),
        plain.whole(line, "trial") or 0,
        plain.text(line, "verdict"),
        plain.text(line, "why"),
        plain.number(line, "value"),
        plain.number(line, "incumbent"),
        plain.number(line, "gain"),
        low,
        high,
        plain.texts(line, "reopens"),
        plain.text(line, "origin") or "rule",
        line.get("leads") is True,
    )


def look(line: Line) -> LookView:
    return LookView(
        plain.text(line, "rule"),
        {path: _pair(value)[1] for path, value in plain.mapping(line, "change").items()},
        plain.number(line, "epochs") or 0.0,
        plain.number(line, "value"),
        plain.number(line, "incumbent"),
        plain.text(line, "origin") or "rule",
    )


def incumbent(line: Line) -> IncumbentView:
    return IncumbentView(
        plain.whole(line, "trial") or 0,
        plain.mapping(line, "recipe"),
        plain.number(line, "value"),
        plain.text(line, "why"),
    )


def paragraph(text: str) -> str:
    """Text of rule files on one line."""
    return " ".join(text.split())
