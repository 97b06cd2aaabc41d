"""How much faster a sweep is that trains its networks together, in one process or in two."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

from peers.cases import CASES
from peers.process import Peer
from peers.protocol import CORE
from peers.sweep import MEMBERS
from peers.training_speed import Plan, spread

TARGET = 2.0
"""times the speed of one after the other, at two processes or one, whichever is faster"""
CASE = CASES["digits-mlp-32"]
WAYS = (("apart", 1), ("together", 1), ("apart", 2), ("together", 2))
"""variant and number of processes; the first is what the others are compared with"""


def measure(plan: Plan, backend: str, epochs: int) -> dict[str, Any]:
    """Member-examples a second of each way that the backend offers."""
    found: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        groups = {count: _processes(stack, backend, count) for count in (1, 2)}
        for number in range(plan.rounds + 1):
            plan.say(f"sweep on {backend}: round {number} of {plan.rounds}")
            for variant, count in WAYS:
                rate = _segment(plan, groups[count], variant, epochs)
                if rate is not None and number:  # the first round warms up
                    found.setdefault(f"{variant}, processes: {count}", []).append(rate)
    return _record(backend, found)


def _processes(stack: contextlib.ExitStack, backend: str, count: int) -> list[Peer]:
    size = MEMBERS // count
    return [
        stack.enter_context(
            Peer("sweep", f"{backend}:{k * size}:{(k + 1) * size}", _pinned(k) if count > 1 else {})
        )
        for k in range(count)
    ]


def _pinned(number: int) -> dict[str, str]:
    return {"OMP_NUM_THREADS": "1", CORE: str(number % (os.cpu_count() or 1))}


def _segment(plan: Plan, peers: Sequence[Peer], variant: str, epochs: int) -> float | None:
    request = {"case": CASE.name, "variant": variant, "epochs": epochs, "folder": str(plan.folder)}
    began = time.perf_counter()
    for peer in peers:
        peer.send(request)
    answers = [peer.receive() for peer in peers]
    seconds = time.perf_counter() - began
    if any("skipped" in answer for answer in answers):
        return None
    return float(MEMBERS * answers[0]["examples"] / seconds)


def _record(backend: str, found: dict[str, list[float]]) -> dict[str, Any]:
    base = found["apart, processes: 1"]
    ratios = {
        way: statistics.median(rate / one for rate, one in zip(rates, base, strict=True))
        for way, rates in found.items()
    }
    together = [ratio for way, ratio in ratios.items() if way.startswith("together")]
    return {
        "backend": backend,
        "members": MEMBERS,
        "examples_per_second": {way: round(statistics.median(r)) for way, r in found.items()},
        "iqr_share": {way: round(spread(rates), 4) for way, rates in found.items()},
        "speed_up": {way: round(ratio, 3) for way, ratio in ratios.items()},
        "target": TARGET,
        "meets": max(together) >= TARGET if together else None,
    }
