"""Symptoms: named faults of a training, each fired, clear, or not to be judged yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from advisor.events import Event
from advisor.history import History
from advisor.recipe import Recipe
from advisor.symptoms.arbitration import Arbitration as Arbitration
from advisor.symptoms.arbitration import arranged as arranged
from advisor.symptoms.catalogue import DETECTORS as DETECTORS
from advisor.symptoms.catalogue import ORDER as ORDER
from advisor.symptoms.finding import Detector as Detector
from advisor.symptoms.finding import Finding as Finding
from advisor.symptoms.watch import Watch as Watch
from advisor.symptoms.watch import judged

__all__ = [
    "DETECTORS",
    "ORDER",
    "Arbitration",
    "Detector",
    "Finding",
    "Watch",
    "arranged",
    "as_facts",
    "detect",
]


def detect(recipe: Recipe, events: Sequence[Event], unknown: Collection[str] = ()) -> list[Finding]:
    """Every symptom's outcome on the events so far, in order of arbitration.

    `unknown`: the signals (`advisor.signals`) that nobody told.
    """
    return judged(History(recipe, events, frozenset(unknown)))


def as_facts(findings: Iterable[Finding]) -> dict[str, bool | None]:
    """Fired is True, clear is False, and what cannot be judged is None."""
    meaning = {"fired": True, "clear": False, "not enough data": None}
    return {finding.symptom: meaning[finding.outcome] for finding in findings}
