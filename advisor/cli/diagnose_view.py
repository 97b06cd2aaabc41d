"""A diagnosis as people and as programs read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from advisor.cli.curves import log_curves
from advisor.cli.diagnose_unjudged import names, unjudged
from advisor.cli.output import console
from advisor.diagnosis import Diagnosis, Remark
from advisor.diagnosis.condition_words import together
from advisor.diagnosis.remarks import Option
from advisor.diagnosis.scale import MANY
from advisor.journal.values import finding
from advisor.logs.log import counted
from advisor.text import clean

STYLES = {
    "block": "bold red",
    "optimisation": "yellow",
    "generalisation": "magenta",
    "info": "blue",
}
KINDS = {"trial": "a trial of this program", "recording": "a recording", "log": "a log"}
WHOLE = ("", "the run", "the log")
BAR = 40
LABEL = 8


def tell(found: Diagnosis, everything: bool) -> None:
    """Everything, on standard output."""
    told(console(), found, everything)


def told(shown: Console, found: Diagnosis, everything: bool) -> None:
    """The curves, what was found, and what could not be looked for."""
    case = found.case
    _line(shown, Text(clean(_heading(found)), "bold"))
    if shown.is_terminal:
        curves = log_curves(case.series, shown)
        if curves is not None:
            shown.print(curves)
    said: dict[str, int] = {}
    place = 0
    for remark in found.remarks:
        if remark.comes_of:
            _row(shown, "so also", f"{remark.title}: {remark.finding.reads}")
            continue
        place += 1
        shown.print()
        _remark(shown, place, remark, found, said)
    if not found.remarks:
        _line(shown, Text("nothing was found", "green"))
    _own(shown, found)
    shown.print()
    _rest(shown, found, everything)


def _heading(found: Diagnosis) -> str:
    case = found.case
    entries = case.entries
    unit = case.scale.unit
    told = f"{entries} {unit if entries == 1 else MANY[unit]}"
    stride = case.scale.stride
    if unit == "entry" and stride:
        told += f", one each {stride:.6g} steps"
    form = "" if case.format == "events" else f" ({case.format})"
    return (
        f"{case.source}: {KINDS[case.kind]}{form}, {told}, {case.recipe.task.replace('_', ' ')} "
        f"judged by {case.recipe.metric}"
    )


def _remark(
    shown: Console, place: int, remark: Remark, found: Diagnosis, said: dict[str, int]
) -> None:
    """`said`: the rules that have been told already, with the number of the remark."""
    style = STYLES[remark.finding.gravity]
    head = Text.assemble(
        (f"{place}. {clean(remark.title)}", style), (f"  {remark.severity}", "dim")
    )
    _line(shown, head)
    window = remark.finding.window
    _row(shown, "what", remark.wrong)
    over = "" if window in WHOLE else f" ({window})"
    _row(shown, "seen", remark.finding.reads + over)
    bar = _bar(found, remark)
    if bar:
        _row(shown, "where", bar)
    if remark.waits:
        _row(shown, "first", remark.waits)
    rule = remark.option.rule if remark.option else ""
    if rule in said:
        _row(shown, "first", f"as for {said[rule]}: {remark.first}")
        return
    _advice(shown, remark)
    if remark.unless:
        _row(shown, "beware", "; ".join(text.rstrip(".") for text in remark.unless))
    for option in remark.others:
        if option.rule not in said:
            _row(shown, "or", _option(option))
    for reference in remark.references:
        _row(shown, "read", reference)
    said |= dict.fromkeys([rule] if rule else [], place)


def _advice(shown: Console, remark: Remark) -> None:
    option = remark.option
    rows = {
        "first": remark.first,
        "change": option.changes if option else "",
        "if": together(option.depends) if option else "",
        "why": option.why if option else "",
        "expect": remark.expect,
        "rule": option.rule if option else "",
    }
    for label, text in rows.items():
        if text:
            _row(shown, label, text)


def _option(option: Option) -> str:
    told = f"{option.title} ({option.rule})"
    if option.changes:
        told += f": {option.changes}"
    return told + (f", if {together(option.depends)}" if option.depends else "")


def _own(shown: Console, found: Diagnosis) -> None:
    """Rules of the user's that hold, whatever was found."""
    if not found.own:
        return
    blocked = any(remark.finding.gravity == "block" for remark in found.remarks)
    shown.print()
    _line(shown, Text("your rules that hold" + (", once nothing blocks:" if blocked else ":")))
    for option in found.own:
        _item(shown, _option(option))


def _bar(found: Diagnosis, remark: Remark) -> str:
    """The part of the log that was looked at, as the log would lie under its curves."""
    window = found.window(remark.finding)
    if window is None or window == (0.0, 1.0):
        return ""
    first, last = (min(BAR - 1, int(share * BAR)) for share in window)
    return "".join("█" if first <= i <= last else "·" for i in range(BAR))


def _rest(shown: Console, found: Diagnosis, everything: bool) -> None:
    clear = found.clear
    named = f": {names(clear)}" if everything and clear else ""
    _line(shown, Text(f"clear: {counted(len(clear), 'symptom')}{named}"))
    for place, text in enumerate(unjudged(found, everything)):
        if place:
            _item(shown, text)
        else:
            _line(shown, Text(text))
    if found.assumed:
        _line(shown, Text("taken for granted:"))
        for name, source in found.assumed.items():
            _item(shown, f"{name.replace('_', ' ')}: {source}")
    if found.case.notes:
        _line(shown, Text("about the log:"))
        for note in found.case.notes:
            _item(shown, note.text)


def _row(shown: Console, label: str, text: str) -> None:
    _padded(shown, Text.assemble((f"{label:{LABEL}}", "dim"), clean(text)), 3, 3 + LABEL)


def _item(shown: Console, text: str) -> None:
    _padded(shown, Text(clean(text)), 2, 4)


def _line(shown: Console, text: Text) -> None:
    _padded(shown, text, 0, 2)


def _padded(shown: Console, text: Text, indent: int, hanging: int) -> None:
    """One line; on a terminal, long ones are wrapped at words under their indent."""
    if not shown.is_terminal:
        shown.print(Text(" " * indent) + text, soft_wrap=True)
        return
    first, *rest = text.wrap(shown, max(20, shown.width - hanging))
    shown.print(Padding(first, (0, 0, 0, indent), expand=False), soft_wrap=False)
    for line in rest:
        shown.print(Padding(line, (0, 0, 0, hanging), expand=False), soft_wrap=False)


def objects(found: Diagnosis, everything: bool) -> Iterator[dict[str, Any]]:
    """The lines of `--json`: a finding each, then the summary."""
    for remark in found.remarks:
        yield {"event": "finding", **_told(remark, found)}
    if everything:
        fired = {remark.finding.symptom for remark in found.remarks}
        for one in found.findings:
            if one.symptom not in fired:
                yield {"event": "finding", **finding(one)}
    case = found.case
    yield {
        "event": "summary",
        "source": case.source,
        "kind": case.kind,
        "format": case.format,
        "task": case.recipe.task,
        "metric": case.recipe.metric,
        "entries": case.entries,
        "entry": case.scale.unit,
        "stride": case.scale.stride,
        "own_rules": [_offered(option) for option in found.own],
        "fired": [remark.finding.symptom for remark in found.remarks],
        "clear": found.clear,
        "not_told": found.not_told,
        "not_enough": found.not_enough,
        "assumed": dict(found.assumed),
        "notes": [{"kind": note.kind, "text": note.text} for note in case.notes],
    }


def _told(remark: Remark, found: Diagnosis) -> dict[str, Any]:
    return {
        **finding(remark.finding),
        "about": remark.wrong,
        "place": found.window(remark.finding),
        "first": remark.first,
        "waits": remark.waits,
        **_of(remark.option),
        "expect": remark.expect,
        "unless": list(remark.unless),
        "references": list(remark.references),
        "others": [_offered(option) for option in remark.others],
    }


def _offered(option: Option) -> dict[str, Any]:
    return {"first": option.title, **_of(option)}


def _of(option: Option | None) -> dict[str, Any]:
    return {
        "rule": option.rule if option else None,
        "change": {path: list(pair) for path, pair in option.change.items()}
        if option and option.change
        else None,
        "depends": list(option.depends) if option else [],
        "why": option.why if option else "",
    }
