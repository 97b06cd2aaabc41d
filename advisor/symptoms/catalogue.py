"""Every detector, by name."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.symptoms import batch, examples, failures, flow, generalisation, pace
from advisor.symptoms.finding import Detector

DETECTORS: Mapping[str, Detector] = {
    detector.name: detector
    for family in (failures, flow, pace, batch, examples, generalisation)
    for detector in family.DETECTORS
}
ORDER: Mapping[str, int] = {name: detector.order for name, detector in DETECTORS.items()}
"""Arbitration: symptoms of a lower class are treated first."""
