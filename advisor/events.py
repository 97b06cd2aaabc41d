"""What a trial reports while it runs: plain, JSON-able values, one a line in `events.jsonl`."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Status = Literal["finished", "early_stopped", "stopped", "diverged", "failed"]
"""finished: all epochs; early_stopped: by its own early stopping; stopped: from outside (a race
that was lost, or an interrupt); diverged: loss or outputs not finite; failed: an error."""


@dataclass(frozen=True)
class DataReport:
    """The data as the model sees it, after normalisation."""

    train_examples: int
    validation_examples: int
    input_shape: list[int]
    outputs: int
    class_shares: list[float] | None
    """share of each class among the training targets; None for regression"""
    target_std: float
    """deviation of the training targets in the data's units; 1 for classification"""
    input_max_abs: float
    input_mean_off: float
    """largest absolute mean of a feature or channel"""
    input_std_ratio: float
    """largest / smallest non-zero deviation of a feature or channel"""


@dataclass(frozen=True)
class TrialStarted:
    """Sent once, before the first step."""

    event: ClassVar[str] = "trial_started"
    backend: str
    device: str
    parameters: int
    """number of trainable weights"""
    steps_per_epoch: int
    epochs: int
    initial_loss: float
    """validation loss of the untrained model"""
    chance_loss: float
    """validation loss of the best prediction that ignores the input, from training targets"""
    chance_metric: float
    """validation metric of that prediction"""
    data: DataReport


@dataclass(frozen=True)
class LayerReport:
    """One parameter's state at one step (L2 norms; the gradient is before clipping)."""

    grad_norm: float
    weight_norm: float
    update_ratio: float
    """norm of the update / (norm of the weight before it + 1e-9)"""


@dataclass(frozen=True)
class StepsDone:
    """A run of optimiser steps. Lists have one entry a step."""

    event: ClassVar[str] = "steps_done"
    step: int
    """optimiser steps done, these included"""
    epoch: float
    """epochs done, these included"""
    loss: list[float]
    """training loss as optimised, before each step"""
    grad_norm: list[float]
    """global gradient norm before clipping"""
    lr: list[float]
    layers: Mapping[str, LayerReport]
    """each kernel, by name, at the last of these steps"""
    seconds: float
    """training time since the trial started, evaluations left out"""
    wait_seconds: float | None = None
    """of these steps' time, what passed with nothing to compute as a batch was not there yet; None
    where nobody measured it"""
    gradient_kept: bool | None = None
    """whether the last step's gradient was that of the step before with the new one added, and
    so was never cleared; None where nobody looked"""


@dataclass(frozen=True)
class ActivationReport:
    """Outputs of one activation layer over a fixed sample of training inputs."""

    dead: float
    """share of units that are above zero on fewer than 1 % of the examples (ReLU family)"""
    saturated: float
    """share of units in the flat zone on more than 90 % of the examples (tanh, sigmoid)"""
    std: float


@dataclass(frozen=True)
class Evaluated:
    """Both losses and metrics in evaluation mode, without augmentation or smoothing."""

    event: ClassVar[str] = "evaluated"
    step: int
    epoch: float
    train_loss: float
    """on a fixed sample of the training examples, as many as validate (at most 10 000)"""
    train_metric: float
    validation_loss: float
    validation_metric: float
    best: bool
    """the best validation metric so far (ties: the lower loss)"""
    predicted_share: float | None
    """classification: share of the most often predicted class on validation"""
    activations: Mapping[str, ActivationReport]
    seconds: float
    """wall time since the trial started"""


@dataclass(frozen=True)
class TrialFinished:
    """Sent once, at the end, whatever the end was."""

    event: ClassVar[str] = "trial_finished"
    status: Status
    epochs: float
    """epochs that were spent"""
    steps: int
    examples: int
    seconds: float
    train_loss: float | None
    train_metric: float | None
    validation_loss: float | None
    validation_metric: float | None
    """the last four at the best evaluation; None when no evaluation was finite"""
    best_step: int | None
    message: str = ""
    """for people: why it stopped or failed"""

    @property
    def best_epoch(self) -> float | None:
        """Where `best_step` was, in epochs."""
        if self.best_step is None or not self.steps:
            return None
        return self.epochs * self.best_step / self.steps


@dataclass(frozen=True)
class ProbeFinished:
    """The result of a short experiment that is not a trial, such as a learning-rate range test."""

    event: ClassVar[str] = "probe_finished"
    probe: str
    facts: Mapping[str, float | str | bool | None]
    """what the probe measured, by fact name"""
    epochs: float
    steps: int
    seconds: float
    curve: Mapping[str, list[float]] = field(default_factory=dict)
    """series to plot"""
    message: str = ""


Event = TrialStarted | StepsDone | Evaluated | TrialFinished | ProbeFinished

_CLASSES: dict[str, type[Event]] = {
    cls.event: cls for cls in (TrialStarted, StepsDone, Evaluated, TrialFinished, ProbeFinished)
}
_NESTED: dict[tuple[str, str], type] = {
    ("steps_done", "layers"): LayerReport,
    ("evaluated", "activations"): ActivationReport,
}
_INNER: dict[tuple[str, str], type] = {("trial_started", "data"): DataReport}


def to_json(event: Event) -> str:
    """One line of JSON. NaN and infinity become the strings "nan", "inf" and "-inf"."""
    return json.dumps(_plain(as_dict(event)))


def as_dict(event: Event) -> dict[str, Any]:
    """The event's fields as plain values, and its name under `event`."""
    return {"event": event.event, **dataclasses.asdict(event)}


def from_json(line: str) -> Event:
    """The inverse of `to_json`. Raises ValueError for a line that is no event."""
    raw = json.loads(line)
    if not isinstance(raw, dict):
        raise ValueError("an event is a JSON object")
    return from_dict(raw)


def from_dict(raw: Mapping[str, Any]) -> Event:
    """An event from its plain form. Raises ValueError when it is none."""
    fields = {name: _revived(value) for name, value in raw.items() if name != "event"}
    name = raw.get("event")
    if name not in _CLASSES:
        raise ValueError(f"unknown event {name!r}; known: {', '.join(sorted(_CLASSES))}")
    for (owner, part), nested in _NESTED.items():
        if owner == name and part in fields:
            fields[part] = {key: nested(**inner) for key, inner in fields[part].items()}
    try:
        for (owner, part), inner in _INNER.items():
            if owner == name and part in fields:
                fields[part] = inner(**fields[part])
        return _CLASSES[name](**fields)
    except TypeError as error:
        raise ValueError(f"event {name}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.8g}") if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _revived(value: Any) -> Any:
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, dict):
        return {key: _revived(inner) for key, inner in value.items()}
    if isinstance(value, list):
        plain = set(map(type, value)) <= {int, float}  # numbers of steps, of which there are many
        return value if plain else [_revived(inner) for inner in value]
    return value
