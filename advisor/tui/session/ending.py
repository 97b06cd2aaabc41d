"""What came of a session that has ended: before and after, the test set, where the files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.content import Content

from advisor.text import clean, counted, number
from advisor.tui.bars import duration
from advisor.tui.model import SessionView, bounds, plain

WIDTH = 22


def content(session: SessionView, folder: Path) -> Content:
    """A page of text."""
    summary = session.summary
    metric = clean(session.metric)
    lines = [Content.styled(f"{'':<{WIDTH}}{'before':>12}{'after':>12}", "bold")]
    baseline, best = plain.mapping(summary, "baseline"), plain.mapping(summary, "best")
    test = plain.mapping(summary, "test")
    lines.append(_row(f"validation {metric}", baseline.get("value"), best.get("value")))
    lines.append(_row("validation loss", baseline.get("loss"), best.get("loss")))
    lines += _estimate(summary)
    if test:
        before = plain.mapping(test, "baseline").get("value")
        lines.append(_row(f"test {metric}", before, test.get("value")))
    else:
        lines.append(Content("the test set stayed sealed"))
    lines += _changes(plain.mapping(summary, "changes"), session)
    lines += _counts(summary)
    lines += _doubts(summary)
    lines += [Content(""), Content.styled("files", "bold $text-primary")]
    for name, about in (
        ("best.yaml", "the best recipe"),
        ("report.html", "what was done and why"),
        ("trials", "a folder for each training"),
    ):
        lines.append(Content(f"{clean(folder / name)}  {about}"))
    return Content("\n").join(lines)


def _row(name: str, before: Any, after: Any) -> Content:
    return Content(f"{name:<{WIDTH}}{number(before):>12}{number(after):>12}")


def _estimate(summary: Mapping[str, Any]) -> list[Content]:
    found = plain.mapping(summary, "estimate")
    if not found:
        return []
    metric = plain.text(found, "metric")
    ends = (bounds.metric_value(metric, plain.number(found, name)) for name in ("low", "high"))
    low, high = map(number, ends)
    seeds = counted(len(plain.texts(found, "seeds")), "fresh seed")
    told = f"{number(found.get('value')):>12} (95 %: {low} to {high}) over {seeds}"
    return [Content(f"{'validation, to report':<{WIDTH}}{told}")]


def _changes(changes: Mapping[str, Any], session: SessionView) -> list[Content]:
    left = _left(session)
    if not changes:
        told = "nothing was changed: the starting recipe is the best"
        return [Content(""), *(left or [Content(told)])]
    lines = [Content(""), *left, Content.styled("changes", "bold $text-primary")]
    for path, pair in changes.items():
        old, new = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
        lines.append(Content(f"{clean(path):<{WIDTH}} {number(old)} -> {number(new)}"))
    return lines


def _left(session: SessionView) -> list[Content]:
    """A better recipe that somebody went back from."""
    now, best = session.incumbent, session.best
    if now is None or best is None or best.trial == now.trial:
        return []
    told = f"you went back to trial {now.trial}; trial {best.trial} had {number(best.value)}"
    return [Content.styled(told, "$text-warning")]


def _counts(summary: Mapping[str, Any]) -> list[Content]:
    cost = plain.mapping(summary, "cost")
    spent = ", ".join(
        counted(plain.number(of, f"{name}s") or 0, name)
        for of, name in ((summary, "trial"), (summary, "probe"), (cost, "epoch"))
    )
    seconds = plain.number(cost, "seconds") or 0.0
    verdicts = ", ".join(
        f"{number(summary.get(name))} {name}" for name in ("accepted", "rejected", "undecided")
    )
    return [
        Content(""),
        Content(f"{spent}, {duration(seconds)}; {verdicts}"),
    ]


def _doubts(summary: Mapping[str, Any]) -> list[Content]:
    found = [f for f in plain.mappings(summary, "session_symptoms") if f.get("outcome") == "fired"]
    told = [Content.styled(f"! {clean(one.get('reads'))}", "$text-warning") for one in found]
    blocking = plain.texts(summary, "blocking")
    if blocking:
        text = f"! still in the way of training: {', '.join(map(clean, blocking))}"
        told.append(Content.styled(text, "$text-error"))
    return told
