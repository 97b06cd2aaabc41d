"""A session that was made up, for the history and its screenshots."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from advisor.tui.model import (
    ActView,
    DecisionView,
    Grown,
    IncumbentView,
    ProbeView,
    SessionView,
    TrialView,
)

RECIPE = {"model.activation": "sigmoid", "optimizer.lr": 1e-5, "train.batch_size": 4}
TRIALS = (
    TrialView(1, "baseline", "sanity", 0, {}, "trials/001", 8, None, "finished", "", 0.1086, 2.31,
              0.11, 2.3, 8.0, 8.0, 21.0),
    TrialView(4, "candidate", "sanity", 0, {"model.activation": "relu"}, "trials/004", 8, 1,
              "finished", "", 0.7187, 1.02, 0.7214, 1.0, 8.0, 7.0, 19.5,
              "relu-when-signal-vanishes", "rule", "accepted", "better beyond noise"),
    TrialView(5, "candidate", "batch_size", 0, {"train.batch_size": 32, "optimizer.lr": 8e-5},
              "trials/005", 8, 4, "finished", "", 0.7190, 1.01, 0.73, 0.98, 8.0, 8.0, 6.2,
              "larger-batch-when-steps-are-noise", "rule", "undecided",
              "within noise; the simpler stays"),
    TrialView(6, "candidate", "learning_rate", 0, {"optimizer.lr": 0.1}, "trials/006", 8, 4,
              "diverged", "loss not finite at step 40", None, math.nan, None, None, 0.4, None, 1.1,
              "higher-rate-when-slow", "rule", "rejected", "the training diverged"),
    TrialView(8, "candidate", "learning_rate", 0, {"optimizer.lr": 0.003}, "trials/008", 8, 4,
              "finished", "", 0.9666, 0.11, 0.99, 0.03, 8.0, 8.0, 19.0, "rate-from-range-test",
              "rule", "accepted", "better beyond noise"),
    TrialView(9, "candidate", "regularization", 0, {"regularization.dropout": 0.1}, "trials/009",
              8, 8),
)  # fmt: skip
PROBES = (
    ProbeView(3, "lr_range", "sanity", "trials/003", {"suggested_lr": None, "steps": 120}, "",
              "", 0.2669),
    ProbeView(7, "noise_scale", "batch_size", "trials/007", None, "", "out of memory", 0.1),
)  # fmt: skip
DECISIONS = (
    DecisionView("sanity", "relu-when-signal-vanishes", 4, "accepted", "better beyond noise",
                 0.7187, 0.1086, 0.61, 0.4434, 0.7767, ("learning_rate",)),
    DecisionView("batch_size", "larger-batch-when-steps-are-noise", 5, "undecided",
                 "within noise; the simpler stays", 0.719, 0.7187, 0.0003, -0.021, 0.0216),
    DecisionView("learning_rate", "higher-rate-when-slow", 6, "rejected",
                 "the training diverged"),
    DecisionView("learning_rate", "rate-from-range-test", 8, "accepted", "better beyond noise",
                 0.9666, 0.7187, 0.2479, 0.2019, 0.2939),
)  # fmt: skip


def session(folder: Path | str = "") -> SessionView:
    accepted = {"model.activation": "relu"}
    incumbents = [
        IncumbentView(1, RECIPE, 0.1086, "baseline"),
        IncumbentView(4, RECIPE | accepted, 0.7187, "accepted"),
        IncumbentView(8, RECIPE | accepted | {"optimizer.lr": 0.003}, 0.9666, "accepted"),
    ]
    return SessionView(
        folder=str(folder),
        name="digits",
        metric="accuracy",
        recipe=RECIPE,
        trials=Grown.of(list(TRIALS)),
        probes=Grown.of(list(PROBES)),
        decisions=Grown.of(list(DECISIONS)),
        incumbents=Grown.of(incumbents),
        revision=1,
    )


ACTS = (
    ActView("refused", 0, 4, "batch_size", "lower-batch-when-memory-is-short",
            {"train.batch_size": (4, 2)}),
    ActView("locked", 1, 7, "learning_rate", fields=("model.activation", "train.batch_size")),
    ActView("returned", 2, 8, "regularization", trial=4, left=8, reopens=("learning_rate",)),
)  # fmt: skip


def steered(folder: Path | str = "") -> SessionView:
    """The same with a person who refused, locked, edited values and went back."""
    view = session(folder)
    edited = [replace(t, origin="edited") if t.number == 8 else t for t in view.trials]
    return replace(view, acts=Grown.of(list(ACTS)), trials=Grown.of(edited))


def write_events(folder: Path) -> None:
    """What the trials 4 and 8 reported."""
    for number, best, pace in ((4, 0.72, 0.5), (8, 0.97, 1.5)):
        place = folder / "trials" / f"{number:03}"
        place.mkdir(parents=True)
        lines = [{"event": "trial_started", "epochs": 8}]
        for epoch in range(1, 9):
            left = math.exp(-pace * epoch)
            lines.append({
                "event": "evaluated",
                "epoch": epoch,
                "train_loss": 2.3 * left + 0.02,
                "train_metric": best * (1 - left),
                "validation_loss": 2.3 * left + 0.1,
                "validation_metric": best * (1 - left) - 0.01,
                "best": True,
                "seconds": float(epoch),
            })  # fmt: skip
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (place / "events.jsonl").write_text(text)


def many(count: int) -> SessionView:
    """A session of so many trials."""
    trials = [
        TrialView(
            n, "candidate", "learning_rate", n % 7, {"optimizer.lr": 1e-4 * (n % 50 + 1)},
            f"trials/{n:03}", 8, 1, "finished", "", (n * 7919 % 100_003) / 100_003, 1.0, 0.5, 1.0,
            8.0, 8.0, 2.0, f"rule-{n % 30}", "rule", ("accepted", "rejected", "undecided")[n % 3],
        )
        for n in range(1, count + 1)
    ]  # fmt: skip
    return SessionView(trials=Grown.of(trials), metric="accuracy", revision=count)
