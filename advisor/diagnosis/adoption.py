"""A log of somebody else's training as events and a recipe, in the form that detectors read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from advisor.diagnosis import hidden
from advisor.diagnosis.case import Case
from advisor.diagnosis.contradictions import oddities, refuse
from advisor.diagnosis.entries import Entries, aligned, scale_of
from advisor.diagnosis.naming import Naming, understood
from advisor.diagnosis.retelling import Frame, end, told_events
from advisor.diagnosis.scale import MANY, Scale
from advisor.diagnosis.told import DiagnosisError, Told
from advisor.events import TrialStarted
from advisor.logs import Log, Note
from advisor.logs.log import counted, shown
from advisor.recipe import LOWER_IS_BETTER, Own, Recipe
from advisor.record.arguments import Setup
from advisor.record.baselines import Baseline, baseline, data_report

NAN = math.nan
MOST_EPOCHS, MOST_BATCH = 100_000, 1_000_000
NEVER_LOGGED = (
    *("layers", "activations", "predicted_share", "class_shares", "inputs", "preflight"),
    *("gradient_kept", "wait_seconds"),
)


def adopted(log: Log, told: Told, given: Recipe | None = None, growing: bool = False) -> Case:
    """Raises DiagnosisError when the log holds no loss and no metric.

    `growing`: whether the training still goes on, so that what is missing may come.
    """
    clear = hidden.without_filtered(log)
    naming = understood(clear.series, _with_recipe(told, given))
    found, scale = aligned(clear, naming), scale_of(clear, told)
    if not len(found.loss) and not len(found.evaluated):
        raise DiagnosisError(_nothing(log))
    refuse(log, found, naming, told, given)
    cut = not growing and any(note.kind == "truncated" for note in log.notes)
    frame = _frame(found, scale, told, given, growing, cut)
    setup = _setup(told, naming, given)
    chance = baseline(setup)
    recipe = _recipe(found, naming, told, given, frame)
    started = _started(found, scale, setup, chance, frame)
    events = (started, *told_events(found, naming, frame), *end(found, naming, frame))
    unknown = _unknown(found, naming, scale, started, told, given)
    assumed = {**naming.assumed, **chance.assumed, **_assumed(found, scale, frame, told, growing)}
    odd = oddities(log, found, scale, naming, told, given)
    return Case(
        log.source,
        "log",
        log.format,
        recipe,
        tuple(events),
        unknown,
        assumed,
        (*log.notes, *_notes(found, cut and not frame.done), *odd),
        log.series,
        scale,
        given,
        tuple(one for one in (hidden.look(log),) if one is not None),
    )


def _with_recipe(told: Told, given: Recipe | None) -> Told:
    return told if given is None else replace(told, task=given.task, metric=given.metric)


def _nothing(log: Log) -> str:
    names = ", ".join(shown(name.removeprefix("other/")) for name in list(log.series)[:5])
    return (
        f"{log.source}: no loss and no metric of training or validation, only: {names}; such "
        "series are known by names like loss, train_loss, val_loss and val_accuracy"
    )


def _frame(
    found: Entries, scale: Scale, told: Told, given: Recipe | None, growing: bool, cut: bool
) -> Frame:
    """`cut`: whether the end of the log is missing, so that only a plan tells that this was all."""
    n, m = len(found.loss), len(found.evaluated)
    planned = told.epochs or (given.train.epochs if given else None)
    covered = found.epochs or (float(n or m) if scale.unit == "epoch" else None)
    whole = planned is None or covered is None or covered >= 0.99 * planned
    more = planned / covered if planned and covered and not whole else 1.0
    done = whole and not growing and not (cut and None in (planned, covered))
    if scale.exact and covered and n:
        return Frame(max(1, round(n / covered)), _whole(covered * more), done)
    per_evaluation = max(1, round(n / m)) if m else max(1, n)
    return Frame(per_evaluation, _whole(max(1, m) * more), done)


def _whole(epochs: float) -> int:
    return int(min(max(1, math.ceil(epochs - 1e-6)), MOST_EPOCHS))


def _setup(told: Told, naming: Naming, given: Recipe | None) -> Setup:
    batch = told.batch_size or (given.train.batch_size if given else 1)
    return Setup(
        naming.task,
        naming.metric,
        told.classes,
        batch,
        1,
        told.epoch_steps,
        told.train_examples,
        told.validation_examples,
    )


def _recipe(
    found: Entries, naming: Naming, told: Told, given: Recipe | None, frame: Frame
) -> Recipe:
    """What detectors read; whatever nobody told holds a default, which `unknown` says."""
    if given is not None:
        return given.changed({"train.epochs": frame.epochs})
    batch = min(told.batch_size or 32, MOST_BATCH)
    return stand_in(naming.task, naming.metric, batch, frame.epochs, peak(found.lr))


def stand_in(task: str, metric: str, batch_size: int, epochs: int, lr: float | None) -> Recipe:
    """A recipe for a training of which little is known. Raises pydantic.ValidationError."""
    content: dict[str, Any] = {
        "name": "log",
        "task": task,
        "metric": metric,
        "data": {"source": "text:unknown" if task == "language_model" else "npz:unknown"},
        "model": Own(torch="unknown.py:Model"),
        "train": {"batch_size": batch_size, "epochs": epochs},
    }
    if lr is not None:
        content["optimizer"] = {"kind": "adam", "lr": lr}
    return Recipe.model_validate(content)


def peak(rates: np.ndarray | None) -> float | None:
    """The largest learning rate, where it is one."""
    finite = rates[np.isfinite(rates)] if rates is not None else np.zeros(0)
    top = float(finite.max()) if len(finite) else 0.0
    return top if 0 < top <= 1000 else None


def _started(
    found: Entries, scale: Scale, setup: Setup, chance: Baseline, frame: Frame
) -> TrialStarted:
    return TrialStarted(
        "unknown",
        "unknown",
        0,
        frame.per_epoch,
        frame.epochs,
        _initial(found, scale),
        chance.loss,
        chance.metric,
        data_report(setup, chance),
    )


def _initial(found: Entries, scale: Scale) -> float:
    """Loss of the untrained model: measured, or that of the first batch where it was logged."""
    if not math.isnan(found.untrained):
        return found.untrained
    first = scale.labels[0] if scale.labels else 1
    seen = scale.unit == "step" and first <= 1 and len(found.loss)
    return float(found.loss[0]) if seen else NAN


def _unknown(
    found: Entries,
    naming: Naming,
    scale: Scale,
    started: TrialStarted,
    told: Told,
    given: Recipe | None,
) -> dict[str, str]:
    """Every signal that the log does not hold, with why."""
    names = dict.fromkeys(NEVER_LOGGED, "")
    here = {
        "steps": len(found.loss),
        "train_loss": len(found.loss),
        "lr": found.lr is not None,
        "grad_norm": found.grad_norm is not None,
        "train_metric": not np.isnan(found.train_metric).all(),
        "validation_loss": not np.isnan(found.validation_loss).all(),
        "validation_metric": not np.isnan(found.validation_metric).all(),
        "initial_loss": not math.isnan(started.initial_loss),
        "chance_loss": not math.isnan(started.chance_loss),
        "chance_metric": not math.isnan(started.chance_metric),
        "steps_per_epoch": scale.exact and found.epochs is not None,
        "batch_size": told.batch_size is not None or given is not None,
        "train_examples": started.data.train_examples,
        "validation_examples": started.data.validation_examples,
        "recipe": given is not None,
    }
    names |= {name: "" for name, known in here.items() if not known}
    if scale.unit != "step" and "batch_size" not in names:
        names["batch_size"] = f"the log has {MANY[scale.unit]}, not the number of updates"
    if "train_metric" not in names and _trained_below(found, naming):
        names["train_metric"] = "it lies below validation's, as it was measured while training"
    return names


def _trained_below(found: Entries, naming: Naming) -> bool:
    """Whether the training metric is mostly worse than validation's: it was then taken with
    dropout, augmentation or half an epoch earlier, and says little about the fit."""
    sign = -1.0 if naming.metric in LOWER_IS_BETTER else 1.0
    with np.errstate(invalid="ignore"):
        ahead = sign * (found.train_metric - found.validation_metric)
    late = ahead[len(ahead) // 2 :]
    late = late[np.isfinite(late)]
    return bool(len(late)) and float(np.median(late)) < 0


def _assumed(
    found: Entries, scale: Scale, frame: Frame, told: Told, growing: bool
) -> Mapping[str, str]:
    made: dict[str, str] = {}
    if len(found.loss):
        made["train_loss"] = (
            "the mean of what was logged while training, dropout and augmentation included"
        )
    if math.isnan(found.untrained) and not math.isnan(_initial(found, scale)):
        made["initial_loss"] = "the loss of the first step"
    if not growing and frame.done and told.epochs is None:
        made["end"] = "the training ended where the log ends"
    return made


def _notes(found: Entries, cut: bool) -> Iterator[Note]:
    if cut:
        said = "the end of the log is missing, so it is not taken for the end of the training"
        yield Note("truncated", said)
    if found.left_out:
        said = counted(found.left_out, "evaluation")
        yield Note("limit", f"{said} left out, evenly: there are too many to look at each")
