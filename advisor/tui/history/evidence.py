"""What is known of one trial, as text: change, result, and what decided on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textual.content import Content

from advisor.text import clean, counted, number
from advisor.tui.history.rows import Row, shown
from advisor.tui.model import ActView, DecisionView, ProbeView, TrialView
from advisor.verdict_words import SIGNS

WORDS = {verdict: f"{sign} {verdict}" for verdict, sign in SIGNS.items()}
STYLES = {"accepted": "bold $text-success", "rejected": "bold $text-error", "undecided": "bold"}
LEAST_BAR = 12
DONE = {
    "refused": "this proposal",
    "locked": "fields that nothing changes from then on",
    "unlocked": "fields",
    "returned": "to an earlier recipe",
}


def told(row: Row, decision: DecisionView | None, metric: str, width: int) -> Content:
    """All about a row, in lines of text."""
    of = row.of
    if isinstance(of, ActView):
        return Content("\n").join(list(_act(row, of)))
    lines = _probe(of) if isinstance(of, ProbeView) else _trial(of, decision, metric, width)
    return Content("\n").join([_head(row), *lines])


def _act(row: Row, of: ActView) -> Iterator[Content]:
    """What a person did between two trials."""
    stage = f", {row.stage}" if row.stage else ""
    yield Content.assemble((f"you {of.kind} ", "bold"), f"{DONE[of.kind]}{stage}")
    if of.rule:
        yield Content(clean(of.rule))
    for path, (now, then) in of.change.items():
        yield _pair(clean(path), f"{number(now)} -> {number(then)}")
    for path in of.fields:
        yield Content(clean(path))
    if of.trial is not None:
        yield Content(f"to trial {of.trial}, away from trial {of.left}")
    if of.reopens:
        yield _pair("reopens", clean(", ".join(of.reopens)))
    yield _pair("when", f"after {of.after}" if of.after else "before all trainings")


def _head(row: Row) -> Content:
    kind = "probe" if isinstance(row.of, ProbeView) else "trial"
    stage = f", {row.stage}" if row.stage else ""
    return Content.assemble((f"{kind} {row.number} ", "bold"), f"{row.purpose}{stage}")


def _probe(of: ProbeView) -> Iterator[Content]:
    yield Content(clean(of.probe.replace("_", " ")))
    for name, value in (of.facts or {}).items():
        yield _pair(clean(name.replace("_", " ")), number(value))
    if of.error or of.message:
        yield Content(clean(of.error or of.message))


def _trial(
    of: TrialView, decision: DecisionView | None, metric: str, width: int
) -> Iterator[Content]:
    if of.rule:
        yield Content(clean(of.rule))
    if of.origin == "edited":
        yield Content.styled("with values of your own", "bold")
    if of.verdict:
        yield verdict(of.verdict)
    if decision is not None:
        yield from evidence(decision, width)
    elif of.why:
        yield Content(clean(of.why))
    for path, value in of.changes.items():
        yield _pair(clean(path), number(value))
    yield from result(of, metric)
    if of.message:
        yield Content.styled(clean(of.message), "dim")


def result(of: TrialView, metric: str) -> Iterator[Content]:
    """What the training came to and cost."""
    yield _pair("status", clean(of.status.replace("_", " ")))
    if of.value is not None:
        beside = "" if of.train_value is None else f" ({shown(of.train_value)} on training)"
        yield _pair(clean(metric), shown(of.value) + beside)
    if of.loss is not None:
        beside = "" if of.train_loss is None else f" ({shown(of.train_loss)} on training)"
        yield _pair("loss", shown(of.loss) + beside)
    if of.spent is not None:
        seconds = "" if of.seconds is None else f", {of.seconds:.0f} s"
        yield _pair("cost", counted(of.spent, "epoch") + seconds)
    if of.seed is not None:
        yield _pair("seed", str(of.seed))


def verdict(name: str) -> Content:
    """The verdict with its sign."""
    return Content.styled(WORDS.get(name, clean(name)), STYLES.get(name, "bold"))


def evidence(found: DecisionView, width: int) -> Iterator[Content]:
    """Why it was decided so, with the interval of the gain drawn about zero."""
    yield Content(clean(found.why))
    if found.incumbent is not None and found.value is not None:
        yield _pair("against", f"{shown(found.incumbent)} -> {shown(found.value)}")
    if found.gain is not None and found.low is not None and found.high is not None:
        interval = f"{found.gain:+.4g}, interval [{found.low:+.4g}, {found.high:+.4g}]"
        yield _pair("gain", interval)
        if width >= LEAST_BAR:
            yield Content(bar(found.low, found.gain, found.high, width))
    if found.reopens:
        yield _pair("reopens", clean(", ".join(found.reopens)))


def bar(low: float, gain: float, high: float, width: int) -> str:
    """An interval on a line through zero: `····|··[──●──]··`."""
    reach = max(abs(low), abs(high), abs(gain)) or 1.0

    def place(value: float) -> int:
        return round((value / reach + 1) / 2 * (width - 1))

    line = ["·"] * width
    line[place(low) : place(high) + 1] = "─" * (place(high) - place(low) + 1)
    line[place(0.0)] = "|"
    line[place(low)], line[place(high)] = "[", "]"
    line[place(gain)] = "●"
    return "".join(line)


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Path and both values of all in which two flat recipes differ."""
    paths = [*left, *(path for path in right if path not in left)]
    return [
        (clean(path), _value(left, path), _value(right, path))
        for path in paths
        if left.get(path, ...) != right.get(path, ...)
    ]


def _value(recipe: Mapping[str, Any], path: str) -> str:
    return number(recipe[path]) if path in recipe else "(not there)"


def _pair(name: str, value: str) -> Content:
    return Content.assemble((f"{name:10} ", "dim"), value)
