"""Learning curves as a plot of characters."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from advisor.compare import Trained
from advisor.logs import Series
from advisor.recipe import LOWER_IS_BETTER, Metric
from advisor.text import clean

HEIGHT, LOW, MOST_WIDTH = 16, 12, 100
MOST_POINTS, MANY = 400, 100
LARGEST, NARROW = 1e30, 1e-6
COLORS, LETTERS = ("cyan", "orange", "magenta"), "oxs"
"""Of the curves of one plot; letters tell them apart where there are no colors."""
LOSSES = {"train_loss": "training", "validation_loss": "validation"}
TOLD = (*LOSSES, "train_metric", "validation_metric", "grad_norm", "lr")
Points = tuple[list[float], list[float]]


def learning_curves(
    runs: Mapping[str, Sequence[Trained]], metric: str, shown: Console
) -> Text | None:
    """The mean validation metric over seeds by epoch, one line a backend; None where no
    training has two evaluations."""
    lines = {name: mean_curve(trained) for name, trained in runs.items()}
    if not any(len(epochs) > 1 for epochs, _ in lines.values()):
        return None
    title = f"validation {metric}, mean over seeds"
    return _drawn(lines, title, "epoch", (shown, HEIGHT), metric in LOWER_IS_BETTER)


def log_curves(series: Mapping[str, Series], shown: Console) -> Text | None:
    """Training and validation loss of a log; None where neither has two points to draw."""
    found = {LOSSES[name]: series[name] for name in LOSSES if name in series}
    epochs = [one.epochs for one in found.values()]
    by_epoch = all(each is not None and np.isfinite(each).all() for each in epochs)
    lines = {
        words: thinned(one.epochs if by_epoch and one.epochs is not None else one.steps, one.values)
        for words, one in found.items()
    }
    lines = {words: points for words, points in lines.items() if len(points[0]) > 1}
    if not lines:
        return None
    return _drawn(lines, "loss", "epoch" if by_epoch else "step", (shown, LOW), falls=True)


def told_curves(series: Mapping[str, Series]) -> dict[str, Any]:
    """The curves of a log for a program that draws them, thinned likewise; `x` are epochs where all
    of them have epochs, else steps."""
    found = {name: one for name, one in series.items() if name.partition("/")[0] in TOLD}
    by_epoch = all(
        one.epochs is not None and np.isfinite(one.epochs).all() for one in found.values()
    )
    curves = []
    for name, one in found.items():
        places = one.epochs if by_epoch and one.epochs is not None else one.steps
        x, y = thinned(places, one.values)
        if x:
            curves.append({"name": name, "x": x, "y": y})
    return {"axis": "epoch" if by_epoch else "step", "curves": curves}


def search_curves(
    curves: Mapping[str, Sequence[tuple[float, float]]],
    metric: Metric,
    total: float,
    shown: Console,
) -> Text | None:
    """The best validation metric so far against epochs spent, as steps up to `total`; None where
    no search found anything."""
    lines = {name: _steps(curve, total) for name, curve in curves.items() if curve}
    if not lines:
        return None
    title = f"best validation {metric} so far"
    return _drawn(lines, title, "epochs spent", (shown, HEIGHT), metric in LOWER_IS_BETTER)


def _steps(curve: Sequence[tuple[float, float]], total: float) -> Points:
    """Each value holds until the next one."""
    places, values = [curve[0][0]], [curve[0][1]]
    for (_, before), (place, value) in pairwise(curve):
        places += [place, place]
        values += [before, value]
    return [*places, total], [*values, curve[-1][1]]


def _drawn(
    lines: Mapping[str, Points], title: str, axis: str, size: tuple[Console, int], falls: bool
) -> Text:
    """`size`: where it is shown, and how many rows; `falls`: whether good curves go down."""
    # imported late, for its native code; by name, since it has no type hints
    plotext = import_module("plotext")
    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    shown, height = size
    figure.plot_size(min(shown.width, MOST_WIDTH), height)
    told_apart = len(lines) == 1 or not (shown.no_color or shown.color_system is None)
    for (name, points), color, letter in zip(lines.items(), COLORS, LETTERS, strict=False):
        marker = plotext.marker("braille" if told_apart else letter, color)
        figure.draw(figure.signal(*points, marker=marker).lines().label(clean(name)))
    figure.title(title)
    figure.label(axis, "x")
    last = max(place for places, _ in lines.values() for place in places)
    figure.legend(x=last, y=_quiet_height(lines, falls), ha="right", va="center", relative=True)
    return Text.from_ansi(figure.build().string().rstrip())


def thinned(places: NDArray[Any], values: NDArray[np.float64]) -> Points:
    """At most MOST_POINTS finite values, spread evenly; of many values the highest hundredth is
    cut down, since a single spike would flatten all else."""
    finite = np.flatnonzero(np.isfinite(places) & (np.abs(values) < LARGEST))
    shares = np.linspace(0, max(0, len(finite) - 1), MOST_POINTS).astype(np.int64)
    chosen = finite[np.unique(shares)] if len(finite) else finite
    if len(chosen) and np.ptp(places[chosen]) <= NARROW * np.abs(places[chosen]).max():
        return [], []  # all on one spot
    kept = values[chosen]
    if len(finite) >= MANY:
        kept = np.minimum(kept, np.percentile(values[finite], 99))
    return places[chosen].astype(np.float64).tolist(), kept.tolist()


def _quiet_height(lines: Mapping[str, Points], falls: bool) -> float:
    """A value that curves are far from at their end, where the legend goes."""
    values = [value for _, each in lines.values() for value in each]
    worst, best = min(values), max(values)
    if falls:
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
