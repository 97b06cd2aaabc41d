"""A training as it lies before us: what detectors read, and what is merely taken for granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from advisor.diagnosis.scale import STEPS, Scale
from advisor.events import Event
from advisor.logs import Note, Series
from advisor.recipe import Recipe
from advisor.symptoms import Finding
from advisor.timeline import Timeline

Kind = Literal["trial", "recording", "log"]
"""trial: trained by this program, with its recipe; recording: written by `advisor.record`; log: of
any other training"""


@dataclass(frozen=True)
class Case:
    """One training, ready to be judged."""

    source: str
    kind: Kind
    format: str
    recipe: Recipe
    """as detectors read it; fields that nobody told hold defaults that mean nothing"""
    events: tuple[Event, ...]
    unknown: Mapping[str, str]
    """signals (`advisor.signals`) that nobody told, each with why"""
    assumed: Mapping[str, str]
    """what was filled in, and where from"""
    notes: tuple[Note, ...]
    series: Mapping[str, Series] = field(default_factory=dict)
    """as read, by the names of `advisor.logs.Log`"""
    scale: Scale = STEPS
    given: Recipe | None = None
    """the training's own recipe, where there is one"""
    found: tuple[Finding, ...] = ()
    """what the reading alone brought to light"""

    @cached_property
    def timeline(self) -> Timeline:
        """The events with their numbers as arrays."""
        return Timeline(self.events)

    @property
    def entries(self) -> int:
        """How many losses were logged."""
        losses = [self.series[name] for name in LOSSES if name in self.series]
        return max((len(one.values) for one in losses), default=0)


LOSSES = ("train_loss", "validation_loss")
