"""Every detector, by name."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.symptoms import (
    batch,
    budget,
    capability,
    contract,
    data_faults,
    examples,
    failures,
    floors,
    flow,
    generalisation,
    instability,
    loops,
    loss_kind,
    nonlinearity,
    order,
    pace,
    parameters,
    settings,
    signs,
    targets,
    validation,
)
from advisor.symptoms.finding import Detector

FAMILIES = (
    data_faults,
    targets,
    contract,
    order,
    loss_kind,
    floors,
    signs,
    parameters,
    loops,
    failures,
    capability,
    nonlinearity,
    flow,
    instability,
    pace,
    budget,
    settings,
    batch,
    examples,
    generalisation,
    validation,
)
"""Within a class the first is treated first, so causes come before what they lead to."""

DETECTORS: Mapping[str, Detector] = {
    detector.name: detector for family in FAMILIES for detector in family.DETECTORS
}
ORDER: Mapping[str, int] = {name: detector.order for name, detector in DETECTORS.items()}
"""Arbitration: symptoms of a lower class are treated first."""
PLACE: Mapping[str, int] = {name: place for place, name in enumerate(DETECTORS)}
"""In the order of the families."""
