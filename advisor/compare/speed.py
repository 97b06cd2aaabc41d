"""Gate 5: what each backend took. Reports without a verdict: speed is the machine's, too."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from advisor.compare.trainings import Trained, Trainings
from advisor.events import StepsDone


@dataclass(frozen=True)
class Speed:
    """Of one backend; None is what could not be measured."""

    throughput: float | None
    """training examples a second in the steady part, the median over trainings"""
    first_steps_fresh: float | None
    """seconds to the first report of steps in a new process: imports, data, compilation, steps"""
    first_steps_warm: float | None
    """the same in the worker that has trained before, the median"""
    first_steps: int | None
    """how many steps the first report holds"""
    peak_memory: int | None
    """bytes of resident memory of the worker at its highest"""


def measure_speed(trainings: Trainings) -> Speed:
    """Throughput leaves out evaluations and the first steps of each length in each training, in
    which programs are compiled and buffers come into being."""
    fresh, *warm = trainings.runs
    rates = [rate for run in trainings.runs if (rate := steps_a_second(run.steps)) is not None]
    if not rates:  # every training was over in one report; a warm one then says most
        rates = [len(run.steps[0].loss) / run.steps[0].seconds for run in _timed(warm)]
    return Speed(
        throughput=statistics.median(rates) * trainings.batch_size if rates else None,
        first_steps_fresh=fresh.first_steps_seconds,
        first_steps_warm=_median(run.first_steps_seconds for run in warm),
        first_steps=len(fresh.steps[0].loss) if fresh.steps else None,
        peak_memory=trainings.peak_memory,
    )


def steps_a_second(reports: Sequence[StepsDone]) -> float | None:
    """Of the reports after the first of each length; None when there are none."""
    steps, seconds, before, seen = 0, 0.0, 0.0, set[int]()
    for report in reports:
        size = len(report.loss)
        if size in seen:
            steps, seconds = steps + size, seconds + report.seconds - before
        seen.add(size)
        before = report.seconds
    return steps / seconds if seconds > 0 else None


def _timed(runs: Iterable[Trained]) -> list[Trained]:
    return [run for run in runs if run.steps and run.steps[0].seconds > 0]


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
