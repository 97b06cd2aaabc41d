"""Every case, by id, in the order of the rulebook's list."""

from __future__ import annotations

from collections.abc import Mapping

from wards.case import Case, Missing
from wards.cases import (
    compound,
    contract,
    data,
    healthy,
    models,
    optimizers,
    regularization,
    schedules,
)
from wards.cases.missing import MISSING as MISSING

_FAMILIES = (data, contract, models, optimizers, schedules, regularization)


def _place(case: Case | Missing) -> tuple[str, int, str]:
    """Single faults by number, then compound ones, then controls."""
    kind = case.id.rstrip("0123456789")
    return (kind, int(case.id.removeprefix(kind) or 0), case.id)


SICK: Mapping[str, Case] = {
    case.id: case
    for case in sorted((c for family in (*_FAMILIES, compound) for c in family.CASES), key=_place)
}
HEALTHY: Mapping[str, Case] = {case.id: case for case in sorted(healthy.CASES, key=_place)}
CASES: Mapping[str, Case] = {**SICK, **HEALTHY}

__all__ = ["CASES", "HEALTHY", "MISSING", "SICK"]
