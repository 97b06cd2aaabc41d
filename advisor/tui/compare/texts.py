"""A comparison's gates and verdict as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textual.content import Content

from advisor.text import clean, number
from advisor.tui.compare.course import Course, GateView
from advisor.tui.model import plain

OUTCOMES = {"equivalent": "✓", "different": "✗", "undecided": "=", "not enough seeds": "="}


def gates(course: Course) -> Content:
    """Gates 1 to 3 with number and limit, gate 4's state, gate 5's numbers."""
    lines = [Content.styled("gates 1 to 3: the same steps", "bold")]
    lines += [_gate(gate) for gate in course.gates]
    if not course.gates:
        lines.append(Content.styled("none decided yet", "dim"))
    lines += _trainings(course)
    lines += _speed(plain.mapping(course.summary, "speed"))
    return Content("\n").join(lines)


def _gate(gate: GateView) -> Content:
    sign, word, style = (
        ("✓", "holds", "$text-success") if gate.ok else ("✗", "FAILS", "bold $text-error")
    )
    value = "not finite" if gate.value is None else f"{gate.value:.1e}"
    numbers = f"{value:>10} {'<=' if gate.ok else '> '} {gate.limit:.0e}"
    return Content.assemble((f"{sign} {word} ", style), f"{clean(gate.name):18}{numbers}")


def _trainings(course: Course) -> Iterator[Content]:
    if not course.seeds:
        return
    yield Content.styled("gate 4: whole trainings", "bold")
    for backend in course.backends:
        runs = [run for run in course.runs if run.backend == backend]
        done = [run for run in runs if run.status != "running"]
        best = [number(run.best) for run in done]
        told = f"{len(done)} of {len(course.seeds)} done"
        yield Content(f"  {clean(backend):8} {told}{': ' if best else ''}{', '.join(best)}")
    yield from _equivalence(plain.mapping(course.summary, "equivalence"))


def _equivalence(found: Mapping[str, Any]) -> Iterator[Content]:
    if not found:
        return
    outcome = plain.text(found, "outcome")
    style = {"equivalent": "bold $text-success", "different": "bold $text-error"}
    yield Content.styled(
        f"{OUTCOMES.get(outcome, '=')} {clean(outcome)}", style.get(outcome, "bold")
    )
    low, high, margin = (plain.number(found, name) for name in ("low", "high", "margin"))
    if low is not None and high is not None and margin is not None:
        yield Content(f"  difference [{low:+.2g}, {high:+.2g}], margin ±{margin:.2g}")


def _speed(speed: Mapping[str, Any]) -> Iterator[Content]:
    if not speed:
        return
    yield Content.styled("gate 5: speed, without a verdict", "bold")
    for backend in speed:
        found = plain.mapping(speed, backend)
        rate, bytes_ = plain.number(found, "throughput"), plain.number(found, "peak_memory")
        told = "unknown" if rate is None else f"{rate:,.0f} examples a second"
        memory = "" if bytes_ is None else f", {bytes_ / 2**20:,.0f} MiB"
        yield Content(f"  {clean(backend):8} {told}{memory}")


def verdict(course: Course) -> Content:
    """The sentence at the end and its notes."""
    ok = course.summary.get("ok") is True
    sign, style = ("✓", "bold $text-success") if ok else ("✗", "bold $text-error")
    lines = [Content.styled(f"{sign} {clean(plain.text(course.summary, 'verdict'))}", style)]
    lines += [Content.styled(clean(note), "dim") for note in plain.texts(course.summary, "notes")]
    return Content("\n").join(lines)
