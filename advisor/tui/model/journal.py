"""The lines of a session's journal, folded into a `SessionView`. Pure: no files, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from advisor.tui.model import choosing, lines, plain, telling
from advisor.tui.model.grown import Grown
from advisor.tui.model.views import (
    ActView,
    DecisionView,
    Entry,
    Fault,
    IncumbentView,
    ProbeView,
    SessionView,
    StageView,
    TrialView,
)

Line = Mapping[str, Any]
Kind = Literal["refused", "locked", "unlocked", "returned"]


@dataclass
class Journal:
    """Feed lines in their order; `view` is what they come to. A line costs the same however long
    the session is, and so does a view."""

    _base: SessionView = field(default_factory=SessionView)
    _stages: dict[str, StageView] = field(default_factory=dict)
    _trials: list[TrialView] = field(default_factory=list)
    _at: dict[int, int] = field(default_factory=dict)
    """number of a trial -> its place in `_trials`"""
    _probes: list[ProbeView] = field(default_factory=list)
    _probe_at: dict[int, int] = field(default_factory=dict)
    _decisions: list[DecisionView] = field(default_factory=list)
    _acts: list[ActView] = field(default_factory=list)
    _last: int = 0
    """number of the latest trial or probe"""
    _incumbents: list[IncumbentView] = field(default_factory=list)
    _log: list[Entry] = field(default_factory=list)
    _running: dict[int, None] = field(default_factory=dict)
    _tried: dict[frozenset[tuple[str, str]], tuple[str, str]] = field(default_factory=dict)
    """changes that were proposed or chosen -> their rule and origin"""
    _lines: int = 0

    def feed(self, line: Line) -> None:
        """One line; an event that is not known changes nothing."""
        self._lines += 1
        handler = _HANDLERS.get(plain.text(line, "event"))
        if handler is not None:
            handler(self, line)
        self._say(telling.entry(line, self._base.metric))
        if (spent := plain.mapping(line, "budget")) and "share" in spent:
            self._set(budget=lines.budget(spent))

    def view(self) -> SessionView:
        return replace(
            self._base,
            stages=tuple(self._stages.values()),
            trials=Grown.of(self._trials),
            probes=Grown.of(self._probes),
            decisions=Grown.of(self._decisions),
            acts=Grown.of(self._acts),
            incumbents=Grown.of(self._incumbents),
            log=Grown.of(self._log),
            running=tuple(self._running),
            revision=self._lines,
        )

    def trial(self, number: int) -> TrialView | None:
        place = self._at.get(number)
        return None if place is None else self._trials[place]

    def folder_of(self, number: int) -> str:
        """Where a trial or probe leaves its events, relative to the session; empty: unknown."""
        if (found := self.trial(number)) is not None:
            return found.folder
        place = self._probe_at.get(number)
        return "" if place is None else self._probes[place].folder

    def _say(self, entry: Entry | None) -> None:
        if entry is not None:
            self._log.append(entry)

    @property
    def _now(self) -> IncumbentView | None:
        return self._incumbents[-1] if self._incumbents else None

    def _act(self, kind: Kind, **told: Any) -> None:
        self._acts.append(ActView(kind, len(self._acts), self._last, self._base.stage, **told))

    def _set(self, **changes: Any) -> None:
        self._base = replace(self._base, **changes)

    def _stage(self, name: str, **changes: Any) -> None:
        if name:
            self._stages[name] = replace(self._stages.get(name, StageView(name)), **changes)

    def _session(self, line: Line) -> None:
        limit = plain.mapping(line, "budget")
        self._stages = {one.name: one for one in map(lines.stage, plain.mappings(line, "stages"))}
        self._set(
            folder=plain.text(line, "folder"),
            name=plain.text(line, "name"),
            task=plain.text(line, "task"),
            metric=plain.text(line, "metric") or "metric",
            larger_is_better=line.get("larger_is_better") is not False,
            seed=plain.whole(line, "seed"),
            backend=plain.text(line, "backend"),
            device=plain.text(line, "device"),
            recipe=plain.mapping(line, "recipe"),
            epochs=plain.whole(line, "epochs"),
            limit=plain.text(limit, "text"),
            locked=plain.texts(line, "locked"),
        )

    def _trial(self, line: Line, replayed: bool = False) -> None:
        found = lines.trial(line, replayed)
        known = self._tried if found.purpose in ("candidate", "look") else {}
        rule, origin = known.get(_key(found.changes), ("", ""))
        self._at[found.number] = len(self._trials)
        self._trials.append(replace(found, rule=rule, origin=origin))
        self._last = max(self._last, found.number)
        self._running[found.number] = None
        self._set(question=None)

    def _all(self, line: Line) -> None:
        for each in plain.mappings(line, "trials"):
            self._trial(each, bool(line.get("replayed")))

    def _change_trial(self, number: int | None, **changes: Any) -> None:
        place = self._at.get(-1 if number is None else number)
        if place is not None:
            self._trials[place] = replace(self._trials[place], **changes)

    def _result(self, line: Line) -> None:
        number = plain.whole(line, "trial")
        self._change_trial(
            number,
            status=plain.text(line, "status") or "failed",
            message=plain.text(line, "message"),
            value=plain.number(line, "value"),
            loss=plain.number(line, "loss"),
            train_value=plain.number(line, "train_value"),
            train_loss=plain.number(line, "train_loss"),
            spent=plain.number(line, "epochs"),
            best_epoch=plain.number(line, "best_epoch"),
            seconds=plain.number(line, "seconds"),
        )
        self._ended(number)
        self._findings(line, number)

    def _findings(self, line: Line, number: int | None) -> None:
        if line.get("symptoms"):
            self._set(findings=lines.findings(line), findings_of=number)

    def _ended(self, number: int | None) -> None:
        if number is not None:
            self._running.pop(number, None)

    def _probe(self, line: Line) -> None:
        number = plain.whole(line, "trial") or 0
        name, stage = plain.text(line, "probe"), plain.text(line, "stage")
        self._probe_at[number] = len(self._probes)
        self._probes.append(ProbeView(number, name, stage, plain.text(line, "folder")))
        self._last = max(self._last, number)
        self._running[number] = None
        self._set(question=None)

    def _probe_result(self, line: Line) -> None:
        number = plain.whole(line, "trial") or 0
        place = self._probe_at.get(number)
        if place is not None:
            self._probes[place] = replace(
                self._probes[place],
                facts=plain.mapping(line, "facts"),
                message=plain.text(line, "message"),
                error=plain.text(line, "error"),
                epochs=plain.number(line, "epochs"),
            )
        self._ended(number)
        self._findings(line, number)

    def _incumbent(self, line: Line) -> None:
        found = lines.incumbent(line)
        self._incumbents.append(found)
        if found.value is not None and self._better(found.value):
            self._set(best=found)

    def _better(self, value: float) -> bool:
        best = self._base.best
        if best is None or best.value is None or best.value != best.value:
            return True
        return value > best.value if self._base.larger_is_better else value < best.value

    def _proposal(self, line: Line) -> None:
        question = lines.question(line)
        self._set(question=question)
        for one in question.proposals:
            after = {path: pair[1] for path, pair in one.change.items()}
            self._tried[_key(after)] = one.rule, "rule"

    def _choice(self, line: Line) -> None:
        found = choosing.chosen(line, self._base.question, self._now)
        if found.change:
            after = {path: pair[1] for path, pair in found.change.items()}
            self._tried[_key(after)] = found.rule or choosing.OWN, found.origin
        if found.action == "refuse":
            self._act("refused", rule=found.rule, change=found.change)
        self._say(choosing.entry(found, self._base.stage))
        self._set(question=None)

    def _decision(self, line: Line) -> None:
        found = lines.decision(line, self._base.metric)
        self._decisions.append(found)
        told = {"verdict": found.word, "why": found.why, "rule": found.rule}
        self._change_trial(found.trial, **told, origin=found.origin)
        self._count(found)
        for name in found.reopens:
            self._stage(name, status="reopened", reopened_by=found.rule)

    def _count(self, found: DecisionView) -> None:
        stage = self._stages.get(found.stage)
        if stage is not None and found.verdict in ("accepted", "rejected", "undecided"):
            self._stage(found.stage, **{found.verdict: getattr(stage, found.verdict) + 1})

    def _entered(self, line: Line) -> None:
        name = plain.text(line, "stage")
        visits = self._stages[name].visits if name in self._stages else 0
        self._stage(name, status="now", visits=visits + 1, outcome="")
        self._set(stage=name, looks=())

    def _skipped(self, line: Line) -> None:
        self._stage(plain.text(line, "stage"), status="skipped", outcome=plain.text(line, "why"))

    def _left(self, line: Line) -> None:
        name = plain.text(line, "stage")
        self._stage(name, status="done", outcome=plain.text(line, "why"))
        self._set(question=None)

    def _looked(self, line: Line) -> None:
        self._set(looks=(*self._base.looks, lines.look(line)))

    def _returned(self, line: Line) -> None:
        both = {name: self.trial(plain.whole(line, name) or 0) for name in ("trial", "from")}
        values = {name: trial.value for name, trial in both.items() if trial is not None}
        self._say(choosing.returned(line, values))
        reopens, left = plain.texts(line, "reopens"), plain.whole(line, "from")
        self._act("returned", trial=plain.whole(line, "trial"), left=left, reopens=reopens)
        for name in plain.texts(line, "reopens"):
            self._stage(name, status="reopened", reopened_by="return to an earlier recipe")

    def _locked(self, line: Line) -> None:
        self._say(choosing.locked(line, self._now))
        fields, reopens = plain.texts(line, "fields"), plain.texts(line, "reopens")
        self._act("locked" if line.get("on") else "unlocked", fields=fields, reopens=reopens)
        for name in plain.texts(line, "reopens"):
            self._stage(name, status="reopened", reopened_by="unlocking")
        self._set(locked=plain.texts(line, "all"))

    def _mode(self, line: Line) -> None:
        self._set(autopilot=bool(line.get("autopilot")))

    def _test(self, line: Line) -> None:
        self._set(test={key: value for key, value in line.items() if key not in ("event", "n")})

    def _error(self, line: Line) -> None:
        kind, message = plain.text(line, "kind"), plain.text(line, "message")
        self._set(fault=Fault(kind, message, plain.text(line, "detail")))

    def _summary(self, line: Line) -> None:
        self._set(summary=dict(line), question=None)

    def _end(self, line: Line) -> None:
        self._running.clear()
        self._set(ended=plain.text(line, "why") or "stopped", question=None)


def _key(changes: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((path, repr(value)) for path, value in changes.items())


_HANDLERS: Mapping[str, Callable[[Journal, Line], None]] = {
    "session": Journal._session,
    "trial": Journal._trial,
    "trials": Journal._all,
    "result": Journal._result,
    "probe": Journal._probe,
    "probe_result": Journal._probe_result,
    "incumbent": Journal._incumbent,
    "proposal": Journal._proposal,
    "choice": Journal._choice,
    "decision": Journal._decision,
    "stage_entered": Journal._entered,
    "stage_skipped": Journal._skipped,
    "stage_left": Journal._left,
    "looked": Journal._looked,
    "returned": Journal._returned,
    "locked": Journal._locked,
    "mode": Journal._mode,
    "test": Journal._test,
    "error": Journal._error,
    "summary": Journal._summary,
    "ended": Journal._end,
}
