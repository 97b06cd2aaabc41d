"""A session's trials as rows: made once for each state of a trial, sorted and filtered. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from advisor.text import clean, number
from advisor.tui.model import ActView, DecisionView, ProbeView, SessionView, TrialView
from advisor.verdict_words import SIGNS

ACTS = {"refused": "x", "locked": "!", "unlocked": "!", "returned": "<"}


@dataclass(slots=True, eq=False)
class Row:
    """One trial or probe with the decision on it, or what a person did between them, as texts
    that are safe to show."""

    of: TrialView | ProbeView | ActView
    number: int
    """of what the person did: one below zero, which only tells it from others"""
    purpose: str
    stage: str
    title: str
    """the rule whose proposal was tried, the probe's name, or the purpose"""
    change: str
    value: float | None
    loss: float | None
    verdict: str
    why: str
    epochs: float | None
    seconds: float | None
    seed: int | None
    status: str
    searched: str
    """all of it in lower case, for the filter"""

    @property
    def label(self) -> str:
        """Its number as it is shown."""
        return "" if isinstance(self.of, ActView) else str(self.number)

    @property
    def seeded(self) -> str:
        return "" if self.seed is None else str(self.seed)

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the session."""
        if isinstance(self.of, ActView):
            return self.of.after, self.of.place + 1
        return self.number, 0

    @property
    def sign(self) -> str:
        return (SIGNS | ACTS).get(self.verdict, " ")


@dataclass(frozen=True)
class Arrangement:
    """How rows are to be shown."""

    key: str = "number"
    reverse: bool = False
    words: tuple[str, ...] = ()


@dataclass
class Rows:
    """Keeps what was made, so that a session that grows costs only what is new."""

    _known: dict[int, Row] = field(default_factory=dict)
    """by number"""
    _decisions: dict[int, DecisionView] = field(default_factory=dict)
    """by trial; the latest"""
    _read: int = 0
    """decisions that were looked at"""

    def made(self, number: int) -> Row | None:
        """The row of this number, once it was arranged."""
        return self._known.get(number)

    def decision(self, view: SessionView, number: int) -> DecisionView | None:
        """What was decided on this trial."""
        if len(view.decisions) < self._read:  # the session was begun anew
            self._decisions, self._read = {}, 0
        for place in range(self._read, len(view.decisions)):
            found = view.decisions[place]
            self._decisions[found.trial] = found
        self._read = len(view.decisions)
        return self._decisions.get(number)

    def arranged(self, view: SessionView, asked: Arrangement) -> list[Row]:
        """The rows that fit, in order; rows without a value come last either way."""
        every: list[TrialView | ProbeView | ActView] = [*view.trials, *view.probes, *view.acts]
        rows = [self._row(each) for each in every]
        if asked.words:
            rows = [row for row in rows if all(word in row.searched for word in asked.words)]
        key = KEYS[asked.key]
        known = [row for row in rows if _has(key(row))]
        rest = [row for row in rows if not _has(key(row))]
        known.sort(key=key, reverse=asked.reverse)
        return known + rest

    def _row(self, of: TrialView | ProbeView | ActView) -> Row:
        number = -1 - of.place if isinstance(of, ActView) else of.number
        row = self._known.get(number)
        if row is None or row.of is not of:
            row = self._known[number] = _made(of)
        return row


def _made(of: TrialView | ProbeView | ActView) -> Row:
    if isinstance(of, ActView):
        return _act(of)
    return _trial(of) if isinstance(of, TrialView) else _probe(of)


def _has(value: Any) -> bool:
    return value is not None and value != "" and value == value


def _trial(of: TrialView) -> Row:
    change = clean(", ".join(f"{path} {number(value)}" for path, value in of.changes.items()))
    title = clean(of.rule or of.purpose)
    if of.origin == "edited":
        title = f"edited: {title}"
    texts = (str(of.number), of.purpose, of.stage, title, change, of.status, of.verdict, of.why)
    return Row(
        of,
        of.number,
        clean(of.purpose),
        clean(of.stage),
        title,
        change,
        of.value,
        of.loss,
        clean(of.verdict),
        clean(of.why or of.message),
        of.spent,
        of.seconds,
        of.seed,
        clean(of.status.replace("_", " ")),
        " ".join(texts).lower(),
    )


def _probe(of: ProbeView) -> Row:
    facts = ", ".join(f"{key} {number(value)}" for key, value in (of.facts or {}).items())
    title = clean(of.probe.replace("_", " "))
    told = clean(facts or of.message)
    status = "running" if of.running else "failed" if of.error else "finished"
    searched = f"{of.number} probe {of.stage} {title} {told} {of.error} {status}".lower()
    return Row(
        of,
        of.number,
        "probe",
        clean(of.stage),
        title,
        told,
        None,
        None,
        "",
        clean(of.error or of.message),
        of.epochs,
        None,
        None,
        status,
        searched,
    )


def _act(of: ActView) -> Row:
    change = ", ".join(f"{clean(path)} {number(pair[1])}" for path, pair in of.change.items())
    told = change or clean(", ".join(of.fields))
    if of.trial is not None:
        told = f"to trial {of.trial} from {of.left}"
    why = f"reopens {clean(', '.join(of.reopens))}" if of.reopens else ""
    title = clean(of.rule) or "you"
    return Row(
        of,
        -1 - of.place,
        "you",
        clean(of.stage),
        title,
        told,
        None,
        None,
        of.kind,
        why,
        None,
        None,
        None,
        "",
        f"{of.kind} you {of.stage} {title} {told} {why}".lower(),
    )


KEYS: dict[str, Callable[[Row], Any]] = {
    "number": lambda row: row.place,
    "purpose": lambda row: row.purpose,
    "stage": lambda row: row.stage,
    "title": lambda row: row.title,
    "change": lambda row: row.change,
    "value": lambda row: row.value,
    "loss": lambda row: row.loss,
    "verdict": lambda row: row.verdict,
    "epochs": lambda row: row.epochs,
    "seconds": lambda row: row.seconds,
    "seed": lambda row: row.seed,
    "status": lambda row: row.status,
    "why": lambda row: row.why,
}


def shown(value: float | None) -> str:
    """A cell's number; empty where nothing is known, the sign where it is not finite."""
    if value is None:
        return ""
    return number(value) if math.isfinite(value) else "not finite"


def recipe_of(view: SessionView, trial: TrialView) -> dict[str, Any]:
    """The trial's whole recipe, flat: that of the incumbent of its time, changed."""
    incumbents: Sequence[Any] = [i for i in view.incumbents if i.trial == trial.against]
    base = incumbents[-1].recipe if incumbents else view.recipe
    seed = {} if trial.seed is None else {"train.seed": trial.seed}
    return {**base, **seed, **trial.changes}
