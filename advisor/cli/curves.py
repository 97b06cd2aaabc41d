"""Learning curves as a plot of characters."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module

from rich.text import Text

from advisor.compare import Trained
from advisor.recipe import LOWER_IS_BETTER
from advisor.text import clean

HEIGHT, MOST_WIDTH = 16, 100
COLORS = ("cyan", "orange")
Points = tuple[list[float], list[float]]


def learning_curves(runs: Mapping[str, Sequence[Trained]], metric: str, width: int) -> Text | None:
    """The mean validation metric over seeds by epoch, one line a backend; None where no
    training has two evaluations."""
    lines = {name: mean_curve(trained) for name, trained in runs.items()}
    if not any(len(epochs) > 1 for epochs, _ in lines.values()):
        return None
    # imported late, for its native code; by name, since it has no type hints
    plotext = import_module("plotext")
    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(min(width, MOST_WIDTH), HEIGHT)
    for (name, points), color in zip(lines.items(), COLORS, strict=False):
        marker = plotext.marker("braille", color)
        figure.draw(figure.signal(*points, marker=marker).lines().label(clean(name)))
    figure.title(f"validation {metric}, mean over seeds")
    figure.label("epoch", "x")
    last = max(epoch for epochs, _ in lines.values() for epoch in epochs)
    figure.legend(x=last, y=_quiet_height(lines, metric), ha="right", va="center", relative=True)
    return Text.from_ansi(figure.build().string().rstrip())


def _quiet_height(lines: Mapping[str, Points], metric: str) -> float:
    """A value that curves are far from at their end, where the legend goes."""
    values = [value for _, each in lines.values() for value in each]
    worst, best = min(values), max(values)
    if metric in LOWER_IS_BETTER:
        worst, best = best, worst
    return worst + (best - worst) / 4


def mean_curve(runs: Sequence[Trained]) -> Points:
    """Epochs, and the mean over the trainings that got there with a finite value."""
    values = defaultdict[float, list[float]](list)
    for run in runs:
        for each in run.evaluations:
            if math.isfinite(each.validation_metric):
                values[each.epoch].append(each.validation_metric)
    epochs = sorted(values)
    return epochs, [math.fsum(values[epoch]) / len(values[epoch]) for epoch in epochs]
