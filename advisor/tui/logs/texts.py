"""What was found in a log, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.content import Content

from advisor.text import clean, counted, number
from advisor.tui.logs.look import Finding, Look
from advisor.tui.model import plain

STYLES = {"block": "bold $text-error", "info": "bold"}
SIGNS = {"block": "✗", "info": "i"}
WHOLE = ("", "the run", "the log")


def row(found: Finding) -> Content:
    """A finding in a list: what it is, how it is known, what to do first."""
    sign = SIGNS.get(found.severity, "!")
    style = STYLES.get(found.severity, "bold $text-warning")
    lines = [
        Content.assemble(
            (f"{sign} {_name(found.symptom)}", style), (f"  {clean(found.severity)}", "dim")
        ),
        Content(f"  {clean(found.reads)}"),
    ]
    if found.explained_by:
        lines.append(Content.styled(f"  comes of {_name(found.explained_by)}", "dim"))
    elif found.waits or found.first:
        lines.append(Content.assemble(("  first: ", "bold"), clean(found.waits or found.first)))
    return Content("\n").join(lines)


def whole(found: Finding) -> Content:
    """All that is known of a finding."""
    return Content("\n").join(list(_rows(found)))


def _rows(found: Finding) -> Iterator[Content]:
    over = "" if found.window in WHOLE else f" ({found.window})"
    change = ", ".join(f"{path} {_change(pair)}" for path, pair in found.change.items())
    rows = {
        "what": found.about,
        "seen": found.reads + over,
        "comes of": _name(found.explained_by),
        "first": found.waits or found.first,
        "change": change,
        "why": found.why,
        "expect": found.expect,
        "rule": found.rule,
        "beware": "; ".join(text.rstrip(".") for text in found.unless),
        "or": "; ".join(found.others),
    }
    for name, text in rows.items():
        if text:
            yield Content.assemble((f"{name:9}", "bold"), clean(text))
    for reference in found.references:
        yield Content.assemble((f"{'read':9}", "bold"), clean(reference))


def _change(pair: Any) -> str:
    if isinstance(pair, list) and len(pair) == 2:
        return f"{number(pair[0])} -> {number(pair[1])}"
    return number(pair)


def _name(symptom: str) -> str:
    return clean(symptom.replace("_", " "))


def rest(look: Look) -> Content:
    """What was looked for and is not there, and what could not be looked for."""
    summary = look.summary
    if not summary:
        return Content.styled("reading the log ...", "bold")
    found = "nothing was found" if not look.findings else counted(len(look.findings), "finding")
    clear = counted(len(plain.texts(summary, "clear")), "symptom")
    lines = [Content.assemble((found, "bold"), f"; {clear} clear")]
    missing = plain.mapping(summary, "not_told")
    if missing:
        names = ", ".join(clean(name).replace("_", " ") for name in missing)
        lines.append(Content.styled(f"not in the log: {names}", "dim"))
    for note in plain.mappings(summary, "notes"):
        lines.append(Content.styled(clean(plain.text(note, "text")), "dim"))
    return Content("\n").join(lines)


def heading(look: Look) -> str:
    """The log in a few words."""
    summary = look.summary
    entries = plain.whole(summary, "entries") or 0
    unit = clean(plain.text(summary, "entry") or "entry")
    units = {"entry": "entries"}.get(unit, f"{unit}s")
    task = clean(plain.text(summary, "task").replace("_", " "))
    metric = clean(plain.text(summary, "metric"))
    return f"{counted(entries, unit, units)}, {task} judged by {metric}"
