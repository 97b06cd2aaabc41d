"""One trial of a search, and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Status = Literal["finished", "early_stopped", "pruned", "cut", "diverged", "failed", "unfit"]
"""finished and early_stopped: as the recipe wants; pruned: given up by the pruner; cut: the epochs
were spent; diverged, failed, and unfit (to the data or the memory): infeasible."""
INFEASIBLE: tuple[Status, ...] = ("diverged", "failed", "unfit")


@dataclass(frozen=True)
class ControlTrial:
    """A recipe that a search tried, and what it came to."""

    number: int
    """from 0, which is the starting recipe"""
    change: dict[str, Any]
    """against the starting recipe"""
    status: Status
    epochs: float
    """what it cost: up to the evaluation after which it was pruned or cut"""
    spent: float
    """by the search in all, this trial included"""
    curve: tuple[tuple[float, float], ...]
    """(epoch, validation metric) of each evaluation that was finite"""
    value: float | None
    """the best of them; None without any"""
    message: str = ""
    """why it failed, for people"""

    @property
    def pruned(self) -> bool:
        return self.status == "pruned"

    @property
    def infeasible(self) -> bool:
        return self.status in INFEASIBLE

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> ControlTrial:
        """From its JSON form. Raises KeyError, TypeError and ValueError for what is none."""
        if raw["status"] not in get_args(Status):
            raise ValueError(raw["status"])
        curve = tuple((float(epoch), float(value)) for epoch, value in raw["curve"])
        return cls(**{**raw, "curve": curve})
