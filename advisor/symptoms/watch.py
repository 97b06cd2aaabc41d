"""Symptoms of a trial while its events come in."""

from __future__ import annotations

from collections.abc import Collection

from advisor.events import Event
from advisor.history import History
from advisor.recipe import Recipe
from advisor.symptoms.arbitration import arranged
from advisor.symptoms.catalogue import DETECTORS
from advisor.symptoms.finding import Finding
from advisor.timeline import Timeline


class Watch:
    """Takes events one by one and says at any moment what `detect` would say of all of them.

    Nothing is read twice: `findings` costs some vector operations over the steps so far.
    """

    def __init__(self, recipe: Recipe, unknown: Collection[str] = ()) -> None:
        """`unknown`: the signals (`advisor.signals`) that nobody told."""
        self.recipe, self.unknown = recipe, frozenset(unknown)
        self.timeline = Timeline()

    def add(self, event: Event) -> None:
        """The next event of the trial."""
        self.timeline.add(event)

    def findings(self) -> list[Finding]:
        """Every symptom's outcome on the events so far, in order of arbitration."""
        return judged(History(self.recipe, self.timeline, self.unknown))


def judged(history: History) -> list[Finding]:
    """Every symptom's outcome, in order of arbitration."""
    return arranged(detector.detect(history) for detector in DETECTORS.values())
