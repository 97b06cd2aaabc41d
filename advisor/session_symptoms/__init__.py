"""Symptoms of a whole session, judged at its end: how far can its numbers be trusted? Pure.

Those of a trial are in `advisor.symptoms`; these look at all trainings, all decisions and the
test. They stop nothing, and no rule reads them.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.session_symptoms import decisions, sealed, seeds
from advisor.session_symptoms.detector import SessionDetector as SessionDetector
from advisor.state import State
from advisor.symptoms import Finding

__all__ = ["SESSION_DETECTORS", "SessionDetector", "judged"]

SESSION_DETECTORS: Mapping[str, SessionDetector] = {
    detector.name: detector for detector in (seeds.DETECTOR, decisions.DETECTOR, sealed.DETECTOR)
}


def judged(state: State) -> tuple[Finding, ...]:
    """Each symptom's outcome on the session so far."""
    return tuple(detector.detect(state) for detector in SESSION_DETECTORS.values())
