"""What the session's log says of a line of the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor.text import clean, counted, number
from advisor.tui.model import plain
from advisor.tui.model.views import Entry, Severity

Line = Mapping[str, Any]
SIGNS = {"accepted": "+", "rejected": "-", "undecided": "="}
MOST_FACTS = 6
_GRAVE: Mapping[str, Severity] = {"accepted": "good", "rejected": "bad", "undecided": "warning"}


def entry(line: Line, metric: str) -> Entry | None:
    """None for lines that the log leaves out."""
    teller = _TELLERS.get(plain.text(line, "event"))
    return teller(line, metric) if teller else None


def _result(line: Line, metric: str) -> Entry:
    trial, status = plain.whole(line, "trial"), plain.text(line, "status")
    told = f"trial {trial} {status.replace('_', ' ')}"
    if (value := plain.number(line, "value")) is not None:
        told += f": {metric} {number(value)}"
    if message := plain.text(line, "message"):
        told += f"; {clean(message)}"
    return Entry(told, "bad" if status in ("failed", "diverged") else "info", trial)


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
    verdict = plain.text(line, "verdict")
    values = f"{number(line.get('incumbent'))} -> {number(line.get('value'))}"
    told = f"{SIGNS.get(verdict, '=')} {verdict} {clean(line.get('rule'))}: {values}"
    told += f"; {clean(plain.text(line, 'why'))}"
    if reopens := plain.texts(line, "reopens"):
        told += f"; reopens {', '.join(reopens)}"
    return Entry(told, _GRAVE.get(verdict, "info"), plain.whole(line, "trial"))


def _entered(line: Line, metric: str) -> Entry:
    again = "again, " if line.get("reopened") else ""
    phase = plain.text(line, "phase")
    return Entry(f"== {again}{clean(line.get('stage'))}{f' ({phase})' if phase else ''}")


def _skipped(line: Line, metric: str) -> Entry:
    return Entry(f"== {clean(line.get('stage'))} skipped: {clean(plain.text(line, 'why'))}")


def _left(line: Line, metric: str) -> Entry:
    return Entry(f"   {clean(line.get('stage'))}: {clean(plain.text(line, 'why'))}")


def _choice(line: Line, metric: str) -> Entry:
    by = plain.text(line, "by") or "person"
    who = "you" if by == "person" else by
    told = {
        "try": "try it", "own": "try a change of your own", "refuse": "refuse it",
        "look": "run it as a probe", "leave": "skip the rest of the stage",
        "finish": "finish the session", "back": f"back to trial {line.get('trial')}",
        "lock": f"lock {', '.join(plain.texts(line, 'fields'))}",
        "unlock": f"unlock {', '.join(plain.texts(line, 'fields'))}",
    }.get(plain.text(line, "action"), plain.text(line, "action"))  # fmt: skip
    change = plain.mapping(line, "change")
    values = ", ".join(f"{clean(path)} = {number(value)}" for path, value in change.items())
    return Entry(f"> {who}: {clean(told)}{f' ({values})' if values else ''}")


def _looked(line: Line, metric: str) -> Entry:
    values = f"{number(line.get('incumbent'))} (incumbent) and {number(line.get('value'))}"
    epochs = plain.number(line, "epochs") or 0.0
    told = f"looked at {clean(line.get('rule') or 'a change')} for {counted(epochs, 'epoch')}"
    return Entry(f"{told}: {metric} {values}", "info", plain.whole(line, "trial"))


def _returned(line: Line, metric: str) -> Entry:
    told = f"back to trial {line.get('trial')} from trial {line.get('from')}"
    reopens = plain.texts(line, "reopens")
    return Entry(told + (f"; reopens {', '.join(reopens)}" if reopens else ""))


def _locked(line: Line, metric: str) -> Entry:
    done = "locked" if line.get("on") else "unlocked"
    return Entry(f"{done} {clean(', '.join(plain.texts(line, 'fields')))}")


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
    "choice": _choice,
    "looked": _looked,
    "returned": _returned,
    "locked": _locked,
    "mode": _mode,
    "remark": _remark,
    "error": _error,
    "test": _test,
}
