"""What a case is: a fault put into a healthy training, and what a good advisor makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wards.moves import Move


@dataclass(frozen=True)
class Case:
    """One fault, or a healthy control (no causes). Nothing in here is fitted to the program."""

    id: str
    """as in the list of sick recipes: a number, C1 to C10 for several faults, H1 to H17"""
    title: str
    twin: str
    """the healthy training (`wards.twins.TWINS`) that the fault is put into"""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """what is wrong, as fields of the twin's recipe"""
    causes: tuple[str, ...] = ()
    """symptoms of which any one names the fault"""
    also: tuple[str, ...] = ()
    """symptoms that are true here too, but do not name the fault"""
    accepted: tuple[Move, ...] = ()
    """first changes that are right; none: only a person can mend it, so nothing should be tried"""
    must_not: tuple[Move, ...] = ()
    """first changes that are wrong in any case"""
    loop: str = ""
    """a fault of somebody's own training loop (`wards.loops`), recorded by advisor.record"""
    refusal: str = ""
    """words of the message with which the program should refuse to train at all"""
    cure: bool = True
    """whether the twin's metric says if it is cured; overfitting costs too little of it here"""

    @property
    def healthy(self) -> bool:
        return not self.causes and not self.refusal

    @property
    def curable(self) -> bool:
        """Whether a change of the recipe can mend it and the metric shows that."""
        return bool(self.accepted) and self.cure

    @property
    def truths(self) -> frozenset[str]:
        """What may be reported without being wrong."""
        return frozenset((*self.causes, *self.also))


@dataclass(frozen=True)
class Missing:
    """A case that cannot be put into a recipe, a model or a loop here, and why."""

    id: str
    title: str
    reason: str
