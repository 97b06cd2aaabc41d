"""The steps that a recorder hands on at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Taken:
    """A run of optimiser steps."""

    losses: list[float]
    rates: Mapping[int, float]
    """by place among these steps, where known"""
    norms: Mapping[int, float]
    """global gradient norms, likewise"""
    layers: Mapping[str, tuple[float, ...]]
    """at the last of them; empty where not measured"""
    seconds: float
    """of training since the start"""
    wait_seconds: float | None = None
    gradient_kept: bool | None = None

    @property
    def known(self) -> set[str]:
        """Fields of the event that somebody told or measured."""
        here = {
            "lr": bool(self.rates),
            "grad_norm": bool(self.norms),
            "wait_seconds": self.wait_seconds is not None,
            "gradient_kept": self.gradient_kept is not None,
        }
        return {name for name, known in here.items() if known}
