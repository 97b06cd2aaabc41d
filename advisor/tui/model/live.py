"""The events of a training under way, folded into a `LiveTrial`. Pure: no files, no clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.tui.model import plain
from advisor.tui.model.curve import Curve, CurveView

Line = Mapping[str, Any]
NONE = CurveView()


@dataclass(frozen=True)
class LiveTrial:
    """A training or probe as far as its events go."""

    number: int
    status: str = "waiting"
    """waiting (nothing reported yet), running, then as in `trial_finished`"""
    backend: str = ""
    device: str = ""
    parameters: int | None = None
    epochs: float = 0.0
    """planned"""
    epoch: float = 0.0
    step: int = 0
    loss: CurveView = NONE
    """training loss as optimised"""
    train_loss: CurveView = NONE
    """of each evaluation, as the next three"""
    train_metric: CurveView = NONE
    validation_loss: CurveView = NONE
    validation_metric: CurveView = NONE
    grad_norm: CurveView = NONE
    """global, before clipping"""
    update_ratio: CurveView = NONE
    """largest of any kernel"""
    lr: float | None = None
    throughput: float | None = None
    """training examples a second"""
    seconds: float = 0.0
    """wall time as far as the events tell"""
    left: float | None = None
    """seconds until all epochs are done, at the pace so far"""
    best: float | None = None
    """validation metric at the best evaluation"""
    best_epoch: float | None = None
    """where that was"""
    message: str = ""

    @property
    def share(self) -> float:
        return min(1.0, self.epoch / self.epochs) if self.epochs else 0.0


@dataclass
class Live:
    """Feed the events of one trial in their order."""

    number: int
    _curves: dict[str, Curve] = field(default_factory=dict)
    _now: dict[str, Any] = field(default_factory=dict)
    _examples: float = 0.0
    _training: float = 0.0
    """seconds of steps, evaluations left out"""
    _beside: float = 0.0
    """seconds of all else, at the last evaluation"""
    _view: LiveTrial | None = None

    def feed(self, line: Line) -> None:
        self._view = None
        match line.get("event"):
            case "trial_started":
                self._started(line)
            case "steps_done":
                self._steps(line)
            case "evaluated":
                self._evaluated(line)
            case "trial_finished" | "probe_finished":
                self._finished(line)

    def view(self) -> LiveTrial:
        if self._view is None:
            known: dict[str, Any] = {name: curve.view() for name, curve in self._curves.items()}
            known |= self._now | {"throughput": self._throughput(), "left": self._left()}
            self._view = LiveTrial(self.number, **known)
        return self._view

    def _started(self, line: Line) -> None:
        self._curves.clear()  # a training that was resumed tells its story again
        self._training = self._beside = 0.0
        self._examples = plain.number(plain.mapping(line, "data"), "train_examples") or 0.0
        self._now = {
            "status": "running",
            "backend": plain.text(line, "backend"),
            "device": plain.text(line, "device"),
            "parameters": plain.whole(line, "parameters"),
            "epochs": plain.number(line, "epochs") or 0.0,
        }

    def _steps(self, line: Line) -> None:
        epoch = plain.number(line, "epoch") or 0.0
        self._training = plain.number(line, "seconds") or 0.0
        self._now |= {
            "status": "running",
            "epoch": epoch,
            "step": plain.whole(line, "step") or 0,
            "lr": _last(line, "lr"),
            "seconds": self._training + self._beside,
        }
        self._add("loss", epoch, _average(line, "loss"))
        self._add("grad_norm", epoch, _average(line, "grad_norm"))
        layers = plain.mapping(line, "layers").values()
        ratios = [plain.number(layer, "update_ratio") for layer in layers]
        self._add("update_ratio", epoch, max((r for r in ratios if r is not None), default=None))

    def _evaluated(self, line: Line) -> None:
        epoch = plain.number(line, "epoch") or 0.0
        for name in ("train_loss", "train_metric", "validation_loss", "validation_metric"):
            self._add(name, epoch, plain.number(line, name))
        if line.get("best"):
            best = plain.number(line, "validation_metric")
            self._now |= {"best": best, "best_epoch": epoch}
        self._beside = max(0.0, (plain.number(line, "seconds") or 0.0) - self._training)
        self._now |= {"epoch": epoch, "seconds": self._training + self._beside}

    def _finished(self, line: Line) -> None:
        self._now["status"] = plain.text(line, "status") or "finished"
        self._now["message"] = plain.text(line, "message")
        self._now["seconds"] = plain.number(line, "seconds") or self._now.get("seconds", 0.0)

    def _add(self, name: str, x: float, y: float | None) -> None:
        if y is not None:
            self._curves.setdefault(name, Curve()).add(x, y)

    def _throughput(self) -> float | None:
        known = self._training > 0 and self._examples
        return self._now.get("epoch", 0.0) * self._examples / self._training if known else None

    def _left(self) -> float | None:
        epoch, epochs = self._now.get("epoch", 0.0), self._now.get("epochs", 0.0)
        if self._now.get("status") != "running" or not 0 < epoch <= epochs:
            return None
        return float(self._now["seconds"] / epoch * (epochs - epoch))


def _average(line: Line, name: str) -> float | None:
    values = [_float(value) for value in line.get(name) or ()]
    return sum(values) / len(values) if values else None


def _last(line: Line, name: str) -> float | None:
    values = line.get(name)
    return _float(values[-1]) if values else None


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float | str) else math.nan
