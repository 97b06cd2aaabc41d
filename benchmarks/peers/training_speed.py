"""Examples a second of every contestant, measured in turn: A B C A B C."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from peers.cases import Case
from peers.process import Peer

LEAST_EPOCHS = 8
"""Our loop inspects activations at four points of a training, however short it is."""
TRIED = 8
"""epochs of a second, longer measurement, where an epoch is short beside what comes before it"""


@dataclass(frozen=True)
class Contestant:
    """One way of training on one framework."""

    backend: str
    variant: str
    module: str
    argument: str = ""
    package: str = ""
    """without it, the contestant is skipped; empty: nothing beyond the framework"""


CONTESTANTS = (
    Contestant("torch", "ours", "ours", "torch"),
    Contestant("torch", "hand", "torch_loop"),
    Contestant("torch", "steps", "ours", "torch"),
    Contestant("torch", "hand.steps", "torch_loop"),
    Contestant("torch", "lightning", "lightning_fit", "", "lightning"),
    Contestant("torch", "skorch", "skorch_fit", "", "skorch"),
    Contestant("torch", "keras", "keras_fit", "torch", "keras"),
    Contestant("jax", "ours", "ours", "jax"),
    Contestant("jax", "hand", "jax_loop"),
    Contestant("jax", "steps", "ours", "jax"),
    Contestant("jax", "hand.steps", "jax_loop"),
    Contestant("jax", "keras", "keras_fit", "jax", "keras"),
)
TARGETS = {
    "mlp": {"hand": 0.95, "lightning": 3.0, "keras": 3.0},
    "cnn": {"hand": 0.95, "lightning": 1.5, "keras": 2.0},
    "transformer": {"hand": 0.95},
}
"""by family: how many times as fast as this variant our whole loop has to be"""


@dataclass
class Row:
    """What one contestant did in one case."""

    case: Case
    contestant: Contestant
    epochs: int
    """of a segment"""
    parameters: int
    rates: list[float] = field(default_factory=list)
    """examples a second of each round"""
    ratios: list[float] = field(default_factory=list)
    """ours over this one, in each round"""

    @property
    def target(self) -> float | None:
        return TARGETS[self.case.family].get(self.contestant.variant)

    @property
    def meets(self) -> bool:
        return self.target is None or statistics.median(self.ratios) >= self.target

    def record(self) -> dict[str, Any]:
        ratio = statistics.median(self.ratios)
        return {
            "case": self.case.name,
            "backend": self.contestant.backend,
            "variant": self.contestant.variant,
            "examples_per_second": round(statistics.median(self.rates)),
            "iqr_share": round(spread(self.rates), 4),
            "ours_over_this": round(ratio, 4),
            "ours_over_this_iqr": round(spread(self.ratios) * ratio, 4),
            "target": self.target,
            "meets": self.meets,
            "epochs": self.epochs,
            "parameters": self.parameters,
            "rates": [round(rate) for rate in self.rates],
        }


def spread(values: Sequence[float]) -> float:
    """Interquartile range as a share of the median."""
    if len(values) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / middle


def present(contestant: Contestant) -> bool:
    wanted = (contestant.backend, contestant.package)
    return all(find_spec(package) is not None for package in wanted if package)


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    rounds: int
    seconds: float
    """of a segment, about"""
    folder: Path
    say: Callable[[str], None]


def measure(plan: Plan, cases: Sequence[Case], backends: Sequence[str]) -> list[Row]:
    """All cases; each process stays warm from the first case to the last."""
    chosen = [one for one in CONTESTANTS if one.backend in backends and present(one)]
    with contextlib.ExitStack() as stack:
        processes: dict[tuple[str, str], Peer] = {}
        for one in chosen:
            key = one.module, one.argument
            if key not in processes:
                processes[key] = stack.enter_context(Peer(*key))
        return [
            row
            for case in cases
            for row in _measure_case(
                plan, case, [(one, processes[one.module, one.argument]) for one in chosen]
            )
        ]


def _measure_case(plan: Plan, case: Case, entered: list[tuple[Contestant, Peer]]) -> list[Row]:
    rows = [(_warmed(plan, case, one, peer), peer) for one, peer in entered]
    if len({row.parameters for row, _ in rows}) != 1:
        counts = {row.contestant.module: row.parameters for row, _ in rows}
        raise ValueError(f"{case.name}: the models differ in size: {counts}")
    for number in range(plan.rounds):
        plan.say(f"{case.name}: round {number + 1} of {plan.rounds}")
        for row, peer in rows:
            row.rates.append(rate(peer.ask(_request(plan, case, row.contestant, row.epochs))))
    ours = {row.contestant.backend: row for row, _ in rows if row.contestant.variant == "ours"}
    for row, _ in rows:
        pairs = zip(ours[row.contestant.backend].rates, row.rates, strict=True)
        row.ratios = [own / other for own, other in pairs]
    return [row for row, _ in rows]


def _warmed(plan: Plan, case: Case, one: Contestant, peer: Peer) -> Row:
    """Compiled and warm, with as many epochs as fill a segment."""
    plan.say(f"{case.name}: warming up {one.variant} on {one.backend}")

    def seconds(epochs: int) -> float:
        return float(peer.ask(_request(plan, case, one, epochs))["seconds"])

    parameters = peer.ask(_request(plan, case, one, 1))["parameters"]
    epoch = seconds(1)
    if epoch < plan.seconds / TRIED:  # most of it may be the building of the model
        epoch = max(seconds(TRIED) - epoch, epoch / TRIED) / (TRIED - 1)
    least = LEAST_EPOCHS if one.variant == "ours" else 1
    return Row(case, one, max(least, round(plan.seconds / epoch)), parameters)


def _request(plan: Plan, case: Case, one: Contestant, epochs: int) -> dict[str, Any]:
    folder = str(plan.folder)
    return {"case": case.name, "variant": one.variant, "epochs": epochs, "folder": folder}


def rate(answer: dict[str, Any]) -> float:
    return float(answer["examples"] / answer["seconds"])
