"""What the session's log says of a line of the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor.text import clean, counted, number
from advisor.tui.model import plain
from advisor.tui.model.choosing import reopened
from advisor.tui.model.views import Entry, Severity
from advisor.verdict_words import PASSED, SIGNS, verdict_word

Line = Mapping[str, Any]
MOST_FACTS = 6
_GRAVE: Mapping[str, Severity] = {
    "accepted": "good",
    "rejected": "bad",
    "undecided": "warning",
    PASSED: "warning",
}


def entry(line: Line, metric: str) -> Entry | None:
    """None for lines that the log leaves out."""
    teller = _TELLERS.get(plain.text(line, "event"))
    return teller(line, metric) if teller else None


def _result(line: Line, metric: str) -> Entry:
    trial, status = plain.whole(line, "trial"), plain.text(line, "status")
    told = f"trial {trial} {status.replace('_', ' ')}"
    if (value := plain.number(line, "value")) is not None:
        told += f": {metric} {number(value)}{_place(line)}"
    if message := plain.text(line, "message"):
        told += f"; {clean(message)}"
    return Entry(told, "bad" if status in ("failed", "diverged") else "info", trial)


def _place(line: Line) -> str:
    """Which evaluation the values of a result are from."""
    best, epochs = plain.number(line, "best_epoch"), plain.number(line, "epochs")
    return "" if best is None or epochs is None else f" at epoch {number(best)} of {number(epochs)}"


def _probe_result(line: Line, metric: str) -> Entry:
    trial, name = plain.whole(line, "trial"), plain.text(line, "probe").replace("_", " ")
    if error := plain.text(line, "error"):
        return Entry(f"probe {name}: {clean(error)}", "bad", trial)
    facts = [*plain.mapping(line, "facts").items()]
    found = ", ".join(f"{key.replace('_', ' ')} {number(v)}" for key, v in facts[:MOST_FACTS])
    if len(facts) > MOST_FACTS:
        found += f" and {len(facts) - MOST_FACTS} more"
    return Entry(f"probe {name}: {found or clean(plain.text(line, 'message'))}", "info", trial)


def _decision(line: Line, metric: str) -> Entry:
    rule, gain = plain.text(line, "rule"), plain.number(line, "gain")
    verdict = verdict_word(plain.text(line, "verdict"), rule, gain)
    values = f"{number(line.get('incumbent'))} -> {number(line.get('value'))}"
    told = f"{SIGNS.get(verdict, '=')} {verdict} {_name(line)}: {values}"
    told += f"; {clean(plain.text(line, 'why'))}{reopened(line)}"
    return Entry(told, _GRAVE.get(verdict, "info"), plain.whole(line, "trial"))


def _name(line: Line) -> str:
    """The rule, or whose change it was."""
    origin, rule = plain.text(line, "origin"), plain.text(line, "rule")
    if origin == "own" or not rule:
        return "a change of your own"
    return f"{clean(rule)}{', edited' if origin == 'edited' else ''}"


def _entered(line: Line, metric: str) -> Entry:
    again = "again, " if line.get("reopened") else ""
    phase = plain.text(line, "phase")
    return Entry(f"== {again}{clean(line.get('stage'))}{f' ({phase})' if phase else ''}")


def _skipped(line: Line, metric: str) -> Entry:
    return Entry(f"== {clean(line.get('stage'))} skipped: {clean(plain.text(line, 'why'))}")


def _left(line: Line, metric: str) -> Entry:
    return Entry(f"   {clean(line.get('stage'))}: {clean(plain.text(line, 'why'))}")


def _looked(line: Line, metric: str) -> Entry:
    values = f"{number(line.get('incumbent'))} (incumbent) and {number(line.get('value'))}"
    epochs = plain.number(line, "epochs") or 0.0
    told = f"looked at {_name(line)} for {counted(epochs, 'epoch')}"
    return Entry(f"{told}: {metric} {values}", "info", plain.whole(line, "trial"))


def _mode(line: Line, metric: str) -> Entry:
    on = "on: it decides by itself" if line.get("autopilot") else "off: it asks you"
    return Entry(f"autopilot {on}")


def _remark(line: Line, metric: str) -> Entry:
    return Entry(clean(plain.text(line, "text")), "warning")


def _error(line: Line, metric: str) -> Entry:
    return Entry(f"error: {clean(plain.text(line, 'message'))}", "bad")


def _test(line: Line, metric: str) -> Entry:
    best = number(line.get("best_metric"))
    return Entry(f"test set opened: {metric} {best}", "good")


_TELLERS: Mapping[str, Callable[[Line, str], Entry]] = {
    "result": _result,
    "probe_result": _probe_result,
    "decision": _decision,
    "stage_entered": _entered,
    "stage_skipped": _skipped,
    "stage_left": _left,
    "looked": _looked,
    "mode": _mode,
    "remark": _remark,
    "error": _error,
    "test": _test,
}
