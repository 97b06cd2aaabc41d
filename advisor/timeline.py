"""The events of one trial in the order they came, with their numbers as arrays that grow."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

from advisor.architecture import Floats
from advisor.events import (
    Evaluated,
    Event,
    LayerReport,
    ProbeFinished,
    StepsDone,
    TrialFinished,
    TrialStarted,
)

SMOOTHING = 0.98
"""Of the exponential average of the training loss, as the fastai and Lightning rate finders use."""
EARLY, FEW = 50, 5
"""Before this step the median of the last few losses stands for the average."""
BLOCK = 512
NO_CORRECTION = 2000
"""From this step on the average's bias, SMOOTHING ** step, is lost in rounding."""


EVALUATED = ("train_loss", "train_metric", "validation_loss", "validation_metric")


class Series:
    """Numbers that are added at the end and read as one array, each copied only a few times."""

    def __init__(self) -> None:
        self._room = np.empty(0)
        self._size = 0
        self._waiting: list[float] = []
        self._finite = True
        self._lowest, self._highest = math.inf, -math.inf

    def extend(self, values: Iterable[float]) -> None:
        self._waiting.extend(values)

    @property
    def values(self) -> Floats:
        """(n,) read-only; what is added later does not show in it."""
        self._arrive()
        view = self._room[: self._size]
        view.flags.writeable = False
        return view

    def append(self, new: Floats) -> None:
        """As `extend`, for an array, with nothing waiting."""
        size = self._size + len(new)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)))
            room[: self._size] = self._room[: self._size]
            self._room = room
        self._room[self._size : size] = new
        self._size = size
        self._note(new)

    def _note(self, new: Floats) -> None:
        finite = np.isfinite(new)
        if not finite.all():
            self._finite, new = False, new[finite]
        if len(new):
            self._lowest = min(self._lowest, float(new.min()))
            self._highest = max(self._highest, float(new.max()))

    def _arrive(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self.append(_as_array(waiting))

    @property
    def finite(self) -> bool:
        """Whether all of them are."""
        self._arrive()
        return self._finite

    @property
    def lowest(self) -> float:
        """Of those that are finite; infinity when there is none."""
        self._arrive()
        return self._lowest

    @property
    def highest(self) -> float:
        """Of those that are finite; -infinity when there is none."""
        self._arrive()
        return self._highest


class LayerSeries:
    """What was reported of one kernel, report by report."""

    def __init__(self) -> None:
        self.ends = Series()
        """steps done at each report"""
        self.grad_norm = Series()
        self.weight_norm = Series()
        self.update_ratio = Series()

    def add(self, end: int, report: LayerReport) -> None:
        self.ends.extend((end,))
        self.grad_norm.extend((report.grad_norm,))
        self.weight_norm.extend((report.weight_norm,))
        self.update_ratio.extend((report.update_ratio,))


class ReportSeries:
    """What was reported of each run of steps as a whole."""

    def __init__(self) -> None:
        self.ends = Series()
        """number of its last step"""
        self.sizes = Series()
        """how many steps"""
        self.seconds = Series()
        """training time from the start to its end"""
        self.waits = Series()
        """seconds that it waited for batches, NaN where not measured"""
        self.kept = Series()
        """1 where its last gradient was not cleared before, 0 where it was, NaN where nobody
        looked"""

    def add(self, event: StepsDone) -> None:
        self.ends.extend((event.step,))
        self.sizes.extend((len(event.loss),))
        self.seconds.extend((event.seconds,))
        self.waits.extend((_or_nan(event.wait_seconds),))
        self.kept.extend((_or_nan(event.gradient_kept),))


class Timeline(Sequence[Event]):
    """Events, to which more may be added; each costs what is new in it, however many came before.

    What was read off it before an event was added does not change.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.started: TrialStarted | None = None
        """the first"""
        self.finished: TrialFinished | None = None
        """the last"""
        self.probes: list[ProbeFinished] = []
        self.layers: dict[str, LayerSeries] = {}
        self.layer_names: tuple[str, ...] = ()
        """of the last report that had any"""
        self._events: list[Event] = []
        self._chunks: list[StepsDone] = []
        self._evaluations: list[Evaluated] = []
        self._evaluated_at: list[int] = []
        self.evaluated = {name: Series() for name in EVALUATED}
        """each of these at each evaluation"""
        self._steps = 0
        self.losses, self.grad_norms, self.rates = Series(), Series(), Series()
        """of each step, NaN where a norm or rate was not reported"""
        self.reports = ReportSeries()
        self._smooth = Series()
        self._average = 0.0
        """at the end of the last whole block of the smoothed losses"""
        for event in events:
            self.add(event)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        return self._events[place]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def add(self, event: Event) -> None:
        """The next event."""
        self._events.append(event)
        match event:
            case StepsDone():
                self._stepped(event)
            case Evaluated():
                self._evaluations.append(event)
                self._evaluated_at.append(self._steps)
                for name, series in self.evaluated.items():
                    series.extend((getattr(event, name),))
            case ProbeFinished():
                self.probes.append(event)
            case TrialStarted():
                self.started = self.started or event
            case TrialFinished():
                self.finished = event

    def _stepped(self, event: StepsDone) -> None:
        n = len(event.loss)
        self._chunks.append(event)
        self.reports.add(event)
        self._steps += n
        self.losses.extend(event.loss)
        self.grad_norms.extend(_filled(event.grad_norm, n))
        self.rates.extend(_filled(event.lr, n))
        for name, report in event.layers.items():
            if name not in self.layers:
                self.layers[name] = LayerSeries()
            self.layers[name].add(self._steps, report)
        if event.layers:
            self.layer_names = tuple(event.layers)

    @property
    def chunks(self) -> list[StepsDone]:
        return list(self._chunks)

    @property
    def evaluations(self) -> list[Evaluated]:
        return list(self._evaluations)

    @property
    def evaluated_at(self) -> list[int]:
        """Steps reported before each evaluation."""
        return list(self._evaluated_at)

    @property
    def smooth_losses(self) -> Series:
        """Bias-corrected exponential average of the losses; before step 50 the median of the last
        five.

        Goes on from where it was last read. A loss that is not finite makes all that follow so.
        """
        losses, done = self.losses.values, len(self._smooth.values)
        if done < len(losses):
            self._smooth.append(self._smoothed(losses, done))
        return self._smooth

    def _smoothed(self, losses: Floats, done: int) -> Floats:
        """The averages of the steps from `done` on.

        Computed in blocks that begin at multiples of BLOCK, however the losses came in pieces, so
        that rounding is the same too.
        """
        start = done // BLOCK * BLOCK
        averages = np.empty(len(losses) - start)
        with np.errstate(invalid="ignore", over="ignore"):
            for first in range(start, len(losses), BLOCK):
                block = losses[first : first + BLOCK]
                sums = self._average + np.cumsum(block * _GROWING[: len(block)])
                averages[first - start :][: len(block)] = sums * _FALLING[: len(block)]
                if len(block) == BLOCK:
                    self._average = float(averages[first - start + BLOCK - 1])
            ages = np.arange(start + 1, min(len(losses), NO_CORRECTION) + 1)
            averages[: len(ages)] /= 1 - SMOOTHING**ages
            for i in range(done, min(EARLY, len(losses))):
                averages[i - start] = np.median(losses[max(0, i - FEW + 1) : i + 1])
        return averages[done - start :]


def _as_array(values: Sequence[float]) -> Floats:
    try:
        return np.frombuffer(array("d", values))  # twice as fast
    except TypeError:
        return np.array(values, dtype=float)


_FALLING = SMOOTHING ** np.arange(1, BLOCK + 1)
_GROWING = (1 - SMOOTHING) / _FALLING
"""average[t] = SMOOTHING * average[t - 1] + (1 - SMOOTHING) * loss[t], solved for a block."""


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _filled(values: Sequence[float], n: int) -> Sequence[float]:
    """As many as there are steps, NaN for what nobody reported."""
    return values if len(values) == n else [*values[:n], *[math.nan] * (n - len(values))]
