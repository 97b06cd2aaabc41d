"""Learning curves as a plot of characters."""

from __future__ import annotations

import importlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from rich.text import Text

from advisor.compare import Trained

HEIGHT, MOST_WIDTH = 16, 100
Points = tuple[list[float], list[float]]


def learning_curves(runs: Mapping[str, Sequence[Trained]], metric: str, width: int) -> Text | None:
    """The mean validation metric over seeds by epoch, one line a backend; None where there is
    nothing to draw or nothing to draw with."""
    lines = {name: mean_curve(trained) for name, trained in runs.items()}
    try:
        plot = importlib.import_module("plotext")
    except ModuleNotFoundError:
        return None
    if not any(len(epochs) > 1 for epochs, _ in lines.values()):
        return None
    plot.clear_figure()
    plot.theme("clear")
    plot.plotsize(min(width, MOST_WIDTH), HEIGHT)
    for (name, (epochs, values)), color in zip(lines.items(), ("cyan", "orange"), strict=False):
        plot.plot(epochs, values, label=name, marker="braille", color=color)
    plot.title(f"validation {metric}, mean over seeds")
    plot.xlabel("epoch")
    return Text.from_ansi(plot.build())


def mean_curve(runs: Sequence[Trained]) -> Points:
    """Epochs, and the mean over the trainings that got there with a finite value."""
    values = defaultdict[float, list[float]](list)
    for run in runs:
        for each in run.evaluations:
            if math.isfinite(each.validation_metric):
                values[each.epoch].append(each.validation_metric)
    epochs = sorted(values)
    return epochs, [math.fsum(values[epoch]) / len(values[epoch]) for epoch in epochs]
