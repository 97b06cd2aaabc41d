"""Symptoms of the start, of the best recipe and of the session: which fired, and how it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.report.model import Looked, Symptom
from advisor.session_symptoms import SESSION_DETECTORS, judged
from advisor.state import Attempt, State
from advisor.symptoms import DETECTORS, Finding

GRAVITY = ("block", "optimisation", "generalisation", "info")


def symptoms(state: State) -> tuple[Looked, ...]:
    """Of the starting recipe, of the best where it is another, and of the session as a whole."""
    start, best = state.baseline, state.incumbent
    found = [_of_trial("The starting recipe", start)] if start else []
    if best is not None and (start is None or best.trial.number != start.trial.number):
        found.append(_of_trial("The best recipe", best))
    if state.attempts:
        found.append(looked("The session as a whole", judged(state)))
    return tuple(found)


def doubts(state: State) -> tuple[str, ...]:
    """What speaks against the session's own numbers: a sentence each."""
    found = [one.reads for one in judged(state) if one.outcome == "fired"] if state.attempts else []
    blocking = sorted(state.incumbent.blocking) if state.incumbent else []
    if blocking:
        names = ", ".join(blocking).replace("_", " ")
        found.insert(0, f"the best recipe still has what keeps it from training: {names}")
    return tuple(f"{text[:1].upper()}{text[1:]}." for text in found)


def _of_trial(title: str, attempt: Attempt) -> Looked:
    return looked(f"{title} (trial {attempt.trial.number})", attempt.findings)


def looked(title: str, findings: Sequence[Finding]) -> Looked:
    """Findings as told: causes with what they led to, the gravest first."""
    fired = [one for one in findings if one.outcome == "fired"]
    names = {one.symptom for one in fired}
    causes = [one for one in fired if one.explained_by not in names]
    ordered = sorted(causes, key=lambda one: GRAVITY.index(one.gravity))
    told: set[str] = set()
    shown = [_told(one, fired, told) for one in ordered]
    shown += [_told(one, fired, told) for one in fired if one.symptom not in told]
    return Looked(
        title,
        tuple(shown),
        tuple(one.symptom for one in findings if one.outcome == "clear"),
        tuple(_symptom(one) for one in findings if one.outcome == "not enough data"),
    )


def _told(cause: Finding, fired: Sequence[Finding], told: set[str]) -> Symptom:
    """A symptom with what it led to; `told` collects the names."""
    told.add(cause.symptom)
    return _symptom(cause, _consequences(cause, fired, told))


def _consequences(cause: Finding, fired: Iterable[Finding], told: set[str]) -> tuple[Symptom, ...]:
    """Everything that goes back to this cause, at any remove, each once."""
    found: list[Symptom] = []
    for one in fired:
        if one.explained_by == cause.symptom and one.symptom not in told:
            told.add(one.symptom)
            found += [_symptom(one), *_consequences(one, fired, told)]
    return tuple(found)


def _symptom(finding: Finding, led_to: tuple[Symptom, ...] = ()) -> Symptom:
    detector = DETECTORS.get(finding.symptom) or SESSION_DETECTORS.get(finding.symptom)
    return Symptom(
        finding.symptom,
        detector.about if detector else "",
        finding.gravity,
        finding.reads,
        tuple(finding.evidence.items()),
        finding.threshold,
        finding.window,
        led_to,
    )
