"""The charts that the page shows, from what the report says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from advisor.report.charts import Sheet, line_plot, parts_bar
from advisor.report.charts.scales import LOG_PAYS, drawable
from advisor.report.model import Control, Curve, Head, Points, Probe, Spent
from advisor.report.words import metric

CURVE = (440.0, 220.0)
ACROSS = ("lr", "batch_size", "size", "step", "steps", "epoch", "epochs", "examples", "seconds")
"""Series of a probe that others are drawn against, the first that there is."""
PICKED = {
    "suggested_lr": "suggested",
    "lr_range_low": "begins to fall",
    "lr_range_high": "turns up",
}
"""Facts of a range test that are places on its curve."""
PREFLIGHT = ("checks before training", "probes")


def loss_chart(curve: Curve) -> Markup:
    label = f"trial {curve.trial}: training and validation loss by epoch"
    return line_plot(
        curve.losses, Sheet(label, "epoch", "loss", CURVE, dots=_kept(curve, curve.losses))
    )


def metric_chart(curve: Curve, head: Head) -> Markup:
    name = metric(head.metric)
    label = f"trial {curve.trial}: {name} on training and validation by epoch"
    level = (curve.chance, "chance") if curve.chance is not None else None
    dots = _kept(curve, curve.metrics)
    sheet = Sheet(label, "epoch", name, CURVE, log_y=_log_of(head), level=level, dots=dots)
    return line_plot(curve.metrics, sheet)


def _kept(curve: Curve, lines: Mapping[str, Points]) -> dict[str, tuple[float, float]]:
    """Where the validation line is at the evaluation whose weights were kept."""
    found = [point for point in lines.get("validation", ()) if point[0] == curve.kept]
    return {"validation": found[0]} if found else {}


def _log_of(head: Head) -> bool | None:
    """Shares are never shown by their order of magnitude; errors and perplexity where it pays."""
    return None if head.lower_is_better else False


def probe_charts(probe: Probe) -> tuple[Markup, ...]:
    """A chart for each quantity that the probe left a series of; none where it left no two."""
    curve = {name: values for name, values in probe.curve.items() if values}
    base = next((name for name in ACROSS if name in curve), None)
    if base is None:
        return ()
    made = (
        _probe_chart(probe, base, curve[base], name, lines)
        for name, lines in _families(curve, base).items()
    )
    return tuple(chart for chart in made if chart)


def _families(
    curve: Mapping[str, Sequence[float]], base: str
) -> dict[str, dict[str, Sequence[float]]]:
    """Series that belong together, such as loss_1 and loss_2."""
    found: dict[str, dict[str, Sequence[float]]] = {}
    for name, values in curve.items():
        if name != base and len(values) == len(curve[base]):
            found.setdefault(re.sub(r"_?\d+$", "", name), {})[name] = values
    return found


def _probe_chart(
    probe: Probe,
    base: str,
    across: Sequence[float],
    name: str,
    lines: Mapping[str, Sequence[float]],
) -> Markup:
    seen = drawable(across)
    log = bool(seen) and min(seen) > 0 and max(seen) / min(seen) >= LOG_PAYS
    points = {
        each.replace("_", " "): tuple(zip(across, values, strict=True))
        for each, values in lines.items()
    }
    places = {
        words: float(value)
        for fact, words in PICKED.items()
        if base == "lr" and isinstance(value := probe.facts.get(fact), int | float)
    }
    title = {"lr": "learning rate"}.get(base, base.replace("_", " "))
    label = f"probe {probe.number}, {probe.name.replace('_', ' ')}: {name} against {title}"
    sheet = Sheet(label, title, name.replace("_", " "), (560.0, 260.0), log_x=log, places=places)
    return line_plot(points, sheet)


def control_chart(control: Control, head: Head) -> Markup:
    """All methods in one plot, also where another one won."""
    name = metric(head.metric)
    lines: dict[str, Points] = {one.name: one.curve for one in control.methods}
    label = f"best validation {name} so far against epochs spent: {', '.join(lines)}"
    sheet = Sheet(
        label,
        "epochs spent",
        f"best validation {name} so far",
        (860.0, 320.0),
        log_y=_log_of(head),
        stepped=True,
    )
    return line_plot(lines, sheet)


def time_parts(spent: Sequence[Spent]) -> tuple[tuple[str, float, str], ...]:
    """What the time went into: (name, seconds, kind), training first."""
    probing = sum(row.evaluating for row in spent if row.kind in PREFLIGHT)
    evaluating = sum(row.evaluating for row in spent) - probing
    return (
        ("training steps", sum(row.training for row in spent), "p1"),
        ("evaluations and checkpoints", evaluating, "p2"),
        ("checks and probes", probing, "p3"),
        ("starting and handing over", sum(row.other for row in spent), "p4"),
    )


def time_bar(spent: Sequence[Spent]) -> Markup:
    return parts_bar(time_parts(spent))


def overhead(spent: Sequence[Spent]) -> float | None:
    """Share of the time that was not training; None where none was measured."""
    parts = time_parts(spent)
    total = sum(seconds for _, seconds, _ in parts)
    return 1 - parts[0][1] / total if total > 0 else None
