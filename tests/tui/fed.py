"""Frozen values for screens: a session in the middle of its work, without files or a clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from advisor.tui.driver import Action
from advisor.tui.model import Journal, Live, LiveTrial, SessionView
from advisor.tui.reader import Snapshot

RECIPE = {
    "model.kind": "cnn",
    "model.activation": "sigmoid",
    "optimizer.kind": "adam",
    "optimizer.lr": 1e-05,
    "train.batch_size": 4,
    "train.epochs": 8,
    "train.seed": 0,
    "metric": "accuracy",
}
STAGES = [
    ("data", "make it train"),
    ("architecture", "make it train"),
    ("initialization", "make it train"),
    ("activation", "make it train"),
    ("optimizer", "raise performance"),
    ("learning_rate", "raise performance"),
    ("batch_size", "raise performance"),
    ("regularization", "suppress overfitting"),
    ("finish", "finish"),
]
BEGUN: dict[str, Any] = {
    "event": "session",
    "folder": "/runs/digits",
    "name": "digits",
    "seed": 0,
    "task": "classification",
    "metric": "accuracy",
    "larger_is_better": True,
    "backend": "torch",
    "device": "cpu",
    "workers": 1,
    "epochs": 8,
    "budget": {"text": "60 epochs", "epochs": 60, "trials": None, "seconds": None},
    "stages": [{"name": name, "phase": phase, "about": ""} for name, phase in STAGES],
    "recipe": RECIPE,
    "locked": [],
    "advisor": "0.1.0",
}


def spent(epochs: float) -> dict[str, Any]:
    return {
        "epochs": epochs,
        "trials": epochs / 8,
        "seconds": 3 * epochs,
        "share": epochs / 60,
        "text": f"{epochs:g} of 60 epochs",
    }


def finding(symptom: str, outcome: str, reads: str, **more: Any) -> dict[str, Any]:
    base = {
        "symptom": symptom,
        "outcome": outcome,
        "severity": "optimisation",
        "explained_by": None,
        "evidence": {},
        "window": "the run",
        "threshold": "below 0.5",
        "reads": reads,
    }
    return base | more


FINDINGS = [
    finding("slow_learning", "fired", "The loss fell by 2 % in 8 epochs.",
            severity="block", evidence={"loss_fall": 0.02, "epochs": 8.0}),
    finding("saturated_units", "fired", "61 % of units are flat.",
            explained_by="slow_learning", evidence={"saturated": 0.61}),
    finding("overfitting", "clear", "The gap is 0.01."),
    finding("label_noise", "not enough data", "It never fitted the training set."),
]  # fmt: skip
PROPOSALS = [
    {
        "rule": "range-test",
        "title": "Take the learning rate of a range test",
        "stage": "learning_rate",
        "change": {"optimizer.lr": [1e-05, 0.003]},
        "why": "The loss hardly moves at the present rate, and a range test shows where it falls "
        "fastest without becoming unstable.",
        "expect": "The training loss falls within the first epoch.",
        "caution": "Very small batches make the test noisy.",
        "references": ["Smith 2017, Cyclical Learning Rates, arXiv:1506.01186"],
        "maturity": "established",
        "measured": {"lr_steepest": 0.003, "slow_learning": True},
        "treats": "slow_learning",
        "aim": "slow_learning",
        "epochs": 8.0,
        "experience": {"accepted": 3, "rejected": 1, "undecided": 0, "refused": 0, "ranks": -1},
    },
    {
        "rule": "lr-times-10",
        "title": "Ten times the learning rate",
        "stage": "learning_rate",
        "change": {"optimizer.lr": [1e-05, 0.0001], "schedule.kind": ["constant", "cosine"]},
        "why": "Loss [red]falls[/red] slowly.",
        "measured": {},
        "maturity": "young",
        "references": [],
    },
]


def began() -> list[dict[str, Any]]:
    """Lines up to the first proposal."""
    return [
        BEGUN,
        {"event": "stage_entered", "stage": "data", "phase": "make it train", "reopened": False},
        {"event": "trial", "trial": 1, "purpose": "baseline", "seed": 0, "changes": {},
         "folder": "trials/001", "epochs": 8, "against": None, "stage": None},
        {"event": "result", "trial": 1, "status": "finished", "message": "", "value": 0.11,
         "loss": 2.29, "train_value": 0.12, "train_loss": 2.28, "epochs": 8.0, "seconds": 21.0,
         "symptoms": FINDINGS, "budget": spent(8)},
        {"event": "incumbent", "trial": 1, "recipe": RECIPE, "value": 0.11, "why": "baseline"},
        {"event": "stage_left", "stage": "data", "why": "nothing to do", "budget": spent(8)},
        {"event": "stage_skipped", "stage": "architecture", "why": "the recipe locks it"},
        {"event": "stage_entered", "stage": "learning_rate", "phase": "raise performance",
         "reopened": False},
        {"event": "probe", "trial": 2, "probe": "lr_range", "folder": "trials/002",
         "stage": "learning_rate"},
        {"event": "probe_result", "trial": 2, "probe": "lr_range", "facts": {"lr_steepest": 0.003},
         "message": "", "epochs": 0.5, "error": "", "symptoms": [], "budget": spent(8.5)},
    ]  # fmt: skip


def asked(number: int = 10) -> dict[str, Any]:
    first = PROPOSALS[0]
    return {"event": "proposal", "n": number, **first, "proposals": PROPOSALS, "refused": [
        "dropout-up: model.dropout is locked"]}  # fmt: skip


def tried() -> list[dict[str, Any]]:
    """Lines from the choice to a running training."""
    return [
        {"event": "choice", "ask": 10, "action": "try", "index": 0, "by": "person"},
        {"event": "trial", "trial": 3, "purpose": "candidate", "seed": 0,
         "changes": {"optimizer.lr": 0.003}, "folder": "trials/003", "epochs": 8, "against": 1,
         "stage": "learning_rate"},
    ]  # fmt: skip


def decided() -> list[dict[str, Any]]:
    after = {**RECIPE, "optimizer.lr": 0.003}
    return [
        {"event": "result", "trial": 3, "status": "finished", "message": "", "value": 0.93,
         "loss": 0.24, "train_value": 0.96, "train_loss": 0.15, "epochs": 8.0, "seconds": 22.0,
         "symptoms": FINDINGS[2:], "budget": spent(16.5)},
        {"event": "decision", "stage": "learning_rate", "rule": "range-test", "trial": 3,
         "verdict": "accepted", "why": "better by 0.82 (0.79 to 0.85)", "value": 0.93,
         "incumbent": 0.11, "gain": 0.82, "low": 0.79, "high": 0.85, "seeds": 1,
         "examples": 360, "reopens": ["data"]},
        {"event": "incumbent", "trial": 3, "recipe": after, "value": 0.93, "why": "accepted"},
    ]  # fmt: skip


SUMMARY = {
    "event": "summary",
    "baseline": {"metric": "accuracy", "value": 0.11, "loss": 2.29},
    "best": {"metric": "accuracy", "value": 0.93, "loss": 0.24},
    "estimate": {"metric": "accuracy", "value": 0.92, "low": 0.9, "high": 0.94, "seeds": [1, 2, 3]},
    "test": {"metric": "accuracy", "value": 0.92, "loss": 0.27,
             "baseline": {"metric": "accuracy", "value": 0.1, "loss": 2.3}, "opened": 1},
    "cost": {"epochs": 40.5, "examples": 40000, "seconds": 120.0},
    "trials": 5, "probes": 1, "accepted": 1, "rejected": 2, "undecided": 0,
    "changes": {"optimizer.lr": [1e-05, 0.003]},
    "session_symptoms": [], "blocking": [],
    "best_recipe": "/runs/digits/best.yaml", "session": "/runs/digits",
}  # fmt: skip


def view(*parts: list[dict[str, Any]]) -> SessionView:
    journal = Journal()
    for part in parts:
        for line in part:
            journal.feed(line)
    return journal.view()


def live(number: int, epochs: float = 5.0, level: float = 0.3) -> LiveTrial:
    """A training of which so many epochs have been reported."""
    found = Live(number)
    found.feed({"event": "trial_started", "backend": "torch", "device": "cpu", "parameters": 23_466,
                "epochs": 8, "data": {"train_examples": 1149}})  # fmt: skip
    for n in range(1, round(epochs * 10) + 1):
        epoch = n / 10
        found.feed(
            {"event": "steps_done", "step": n * 28, "epoch": epoch, "lr": [0.003], "layers": {
                "conv": {"update_ratio": 0.01 / epoch}}, "seconds": 0.25 * n,
             "loss": [2.2 * math.exp(-epoch * level)], "grad_norm": [1 + math.sin(n)]}
        )  # fmt: skip
        if n % 5 == 0:
            found.feed(evaluated(epoch, level, 0.27 * n))
    return found.view()


def evaluated(epoch: float, level: float, seconds: float) -> dict[str, Any]:
    loss = 2.3 * math.exp(-epoch * level)
    return {"event": "evaluated", "epoch": epoch, "train_loss": loss * 0.9, "validation_loss": loss,
            "train_metric": 1 - loss / 2.6, "validation_metric": 1 - loss / 2.5, "best": True,
            "seconds": seconds}  # fmt: skip


def snapshot(*parts: list[dict[str, Any]], driver: str | None = "host") -> Snapshot:
    """A training shown beside that of the incumbent."""
    session = view(*parts)
    shown = session.running or ((session.trials[-1].number,) if session.trials else ())
    incumbent = live(session.incumbent.trial, 8.0, 0.02) if session.incumbent else None
    trials = tuple(
        incumbent if incumbent and n == incumbent.number else live(n, 5.0, 0.5) for n in shown
    )
    return Snapshot(session, trials, incumbent, driver)


def asking() -> Snapshot:
    return snapshot(began(), [asked()])


def training() -> Snapshot:
    return snapshot(began(), [asked()], tried())


def ended() -> Snapshot:
    found = snapshot(began(), [asked()], tried(), decided(), [SUMMARY])
    return replace(found, driver=None)


@dataclass
class FakeDriver:
    """Notes what it is told."""

    folder: Path = Path("/runs/digits")
    told: list[tuple[str, Any]] = field(default_factory=list)
    error: Exception | None = None

    def _hear(self, what: str, told: Any = None) -> None:
        if self.error is not None:
            raise self.error
        self.told.append((what, told))

    def kind(self) -> str | None:
        return "host"

    def last_words(self) -> str:
        return "Killed"

    def resume(self, *, trust: bool = False, autopilot: bool = False) -> None:
        self._hear("resume")

    def choose(
        self,
        ask: int,
        action: Action,
        *,
        index: int | None = 0,
        change: Mapping[str, Any] | None = None,
        trial: int | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:
        told = {"ask": ask, "index": index, "change": change, "trial": trial, "fields": fields}
        self._hear(action, {name: value for name, value in told.items() if value not in (None, ())})

    def autopilot(self, on: bool) -> None:
        self._hear("autopilot", on)

    def give_up(self) -> None:
        self._hear("give_up")

    def stop(self) -> None:
        self._hear("stop")

    def close(self) -> None:
        self._hear("close")
