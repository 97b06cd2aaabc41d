"""What `advisor compare` tells a person: gates, trainings, curves, reports and a sentence."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from advisor.cli.curves import learning_curves
from advisor.cli.output import console, say
from advisor.compare import Agreement, Equivalence, Gate
from advisor.compare.margins import scale_name
from advisor.text import clean, number

STYLES = {"equivalent": "green", "different": "bold red"}


def tell_agreement(agreement: Agreement) -> None:
    """Everything, on standard output; the sentence comes last."""
    shown = console()
    if agreement.gates:
        shown.print(_gates(agreement.gates))
    if agreement.equivalence is not None:
        shown.print(_trainings(agreement))
        shown.print(_test(agreement, agreement.equivalence))
        runs = {name: trainings.runs for name, trainings in agreement.trainings.items()}
        curves = learning_curves(runs, agreement.metric, shown)
        if curves is not None:
            shown.print(curves)
        shown.print(_speed(agreement))
    say("\n".join([*agreement.notes, agreement.sentence]))


def _gates(gates: tuple[Gate, ...]) -> Table:
    table = Table("gates 1-3", "", "difference", "limit", "", box=None)
    for gate in gates:
        sign = Text("ok", "green") if gate.ok else Text("FAILS", "bold red")
        table.add_row(gate.name, gate.about, number(gate.value), number(gate.limit), sign)
    return table


def _trainings(agreement: Agreement) -> Table:
    """The best validation metric of each seed."""
    table = Table(f"gate 4: {agreement.metric}", *map(clean, agreement.backends), box=None)
    columns = [agreement.trainings[name].runs for name in agreement.backends]
    for one, other in zip(*columns, strict=True):
        table.add_row(f"seed {one.seed}", number(one.best), number(other.best))
    return table


def _test(agreement: Agreement, found: Equivalence) -> Table:
    one = clean(agreement.backends[0])
    table = Table("", "", box=None, show_header=False)
    name = f"{scale_name(agreement.metric)}, {one} better by"
    table.add_row(name, f"{number(found.mean)} [{number(found.low)}, {number(found.high)}]")
    table.add_row("margin", f"±{number(found.margin)}")
    table.add_row(
        "whole trainings", Text(found.outcome.upper(), STYLES.get(found.outcome, "yellow"))
    )
    return table


def _speed(agreement: Agreement) -> Table:
    table = Table("gate 5: no verdict", *map(clean, agreement.backends), box=None)
    speeds = [agreement.speed[name] for name in agreement.backends]
    table.add_row("examples a second", *(_known(s.throughput, "{:,.0f}") for s in speeds))
    fresh = (_first(s.first_steps_fresh, s.first_steps) for s in speeds)
    table.add_row("first steps, new process", *fresh)
    warm = (_first(s.first_steps_warm, s.first_steps) for s in speeds)
    table.add_row("first steps, warm worker", *warm)
    peaks = (None if s.peak_memory is None else s.peak_memory / 2**20 for s in speeds)
    table.add_row("peak memory", *(_known(peak, "{:,.0f} MiB") for peak in peaks))
    return table


def _first(seconds: float | None, steps: int | None) -> str:
    return "unknown" if seconds is None else f"{seconds:.2f} s ({steps} steps)"


def _known(value: float | None, form: str) -> str:
    return "unknown" if value is None else form.format(value)
