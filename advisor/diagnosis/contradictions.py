"""What was told against what the log says: refused where it can only be a slip, else remarked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from advisor.diagnosis.entries import Entries
from advisor.diagnosis.naming import Naming, logged, tasks_of
from advisor.diagnosis.scale import MANY, Scale
from advisor.diagnosis.told import DiagnosisError, Told
from advisor.logs import Log, Note, Series
from advisor.logs.log import counted, shown
from advisor.recipe import Recipe

ONE_MORE = 1
"""Epochs by which a log may hold more than were planned: some count the start as one."""
APART = 0.05
"""Relative difference at which told steps of an epoch are not those of the log."""


def refuse(log: Log, found: Entries, naming: Naming, told: Told, given: Recipe | None) -> None:
    """Raises DiagnosisError for what was told and cannot be true of this log."""
    problem = (
        _no_classes(naming, told)
        or (_other_metric(log.series, naming, told) if given is None else "")
        or _too_few_epochs(found, told)
    )
    if problem:
        raise DiagnosisError(f"{log.source}: {problem}")


def oddities(
    log: Log, found: Entries, scale: Scale, naming: Naming, told: Told, given: Recipe | None
) -> Iterator[Note]:
    """What does not go with the log, and may yet be so."""
    texts = (
        _without_metric(log.series, naming, told, given),
        _more_epochs(found, scale, told, given),
        _other_pace(found, scale, told),
    )
    yield from (Note("told", text) for text in texts if text)


def _no_classes(naming: Naming, told: Told) -> str:
    classes = told.classes
    if classes is None or (naming.task, classes) == ("binary", 2):
        return ""
    if naming.task not in ("regression", "binary"):
        return ""
    has = "no classes" if naming.task == "regression" else "2 classes"
    source = naming.assumed.get("task", naming.task)
    way = "leave it out, or tell the task" if "task" in naming.assumed else "leave it out"
    return f"classes: found {classes}, but the task ({source}) has {has}; {way}"


def _other_metric(series: Mapping[str, Series], naming: Naming, told: Told) -> str:
    """A metric that was asked for, where those in the log are all of other tasks."""
    if told.metric is None or naming.has_metric:
        return ""
    known = [name for name in logged(series) if tasks_of(name)]
    asked = tasks_of(told.metric)
    if not known or any(tasks_of(name) & asked for name in known):
        return ""
    return (
        f"metric: found {told.metric}, which is not in the log; it has {_few(known)}, "
        f"which {told.metric} cannot be computed from. Name one that is there, or leave it out"
    )


def _too_few_epochs(found: Entries, told: Told) -> str:
    if told.epochs is None or found.epochs is None or found.epochs <= told.epochs + ONE_MORE:
        return ""
    return (
        f"epochs: found {told.epochs}, but the log holds {found.epochs:.4g}; tell how many were "
        "planned in all, or leave it out"
    )


def _without_metric(
    series: Mapping[str, Series], naming: Naming, told: Told, given: Recipe | None
) -> str:
    """A task or a metric that was asked for, which the log's metrics say nothing of."""
    asked = told.metric or (given.metric if given else None)
    if naming.has_metric or (asked is None and told.task is None):
        return ""
    there = _few(logged(series))
    if asked is not None:
        has = f", which has {there}" if there else ""
        return f"{asked} is not in the log{has}: it is judged by its losses alone"
    if not there or any(naming.task in tasks_of(name) for name in logged(series)):
        return ""
    task = naming.task.replace("_", " ")
    return f"{there} is no metric of the task {task}: the log is judged by its losses alone"


def _more_epochs(found: Entries, scale: Scale, told: Told, given: Recipe | None) -> str:
    planned = told.epochs or (given.train.epochs if given else None)
    held = found.epochs or (len(found.loss) if scale.unit == "epoch" else None)
    if planned is None or held is None or held <= 1.01 * planned:
        return ""
    who = "planned, as was told" if told.epochs else "planned by the recipe"
    if_so = "" if found.epochs else f", if its {MANY['entry']} are epochs"
    return f"the log holds {counted(held, 'epoch')}{if_so}; {who}: {planned}"


def _other_pace(found: Entries, scale: Scale, told: Told) -> str:
    steps, covered = told.epoch_steps, found.epochs
    if steps is None or not covered or not len(found.loss) or scale.place != "step":
        return ""
    last = scale.label(len(found.loss))
    least = last / covered
    most = last / (covered - 1) if covered > 1 else math.inf  # the last epoch may not be over
    if (1 - APART) * least - 1 <= steps <= (1 + APART) * most + 1:
        return ""
    return f"steps of an epoch, as was told: {steps}; by the log: about {least:.4g}"


def _few(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:3]) + (", ..." if names[3:] else "")
