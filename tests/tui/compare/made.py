"""The lines of a comparison that was made up."""

from __future__ import annotations

import math
from typing import Any

BACKENDS = ("jax", "torch")
SEEDS = (0, 1, 2)
NAMES = ("forward", "gradients", "losses")


def gates(ok: bool = True) -> list[dict[str, Any]]:
    found = []
    for precision, limit in (("float64", 1e-12), ("float32", 1e-5)):
        for place, name in enumerate(NAMES):
            value = limit * (0.03 + 0.1 * place)
            fails = not ok and name == "losses"
            found.append({
                "name": f"{name} {precision}",
                "about": "raw outputs on the same weights",
                "value": None if fails else value,
                "limit": limit,
                "ok": not fails,
            })  # fmt: skip
    return found


def begun() -> list[dict[str, Any]]:
    head = {"event": "comparison", "recipe": "digits", "backends": list(BACKENDS),
            "metric": "accuracy", "larger_is_better": True, "steps": 100, "seeds": list(SEEDS),
            "epochs": 8}  # fmt: skip
    steps = [{"event": "began", "what": f"{name}: 100 steps in float64"} for name in BACKENDS]
    return [head, *steps]


def training(backend: str, seed: int, epochs: int = 8) -> list[dict[str, Any]]:
    who = {"backend": backend, "seed": seed}
    lines: list[dict[str, Any]] = [
        {"event": "began", "what": f"{backend}: training {seed + 1} of 3 (seed {seed})"},
        {"event": "trial_started", "epochs": 8, **who},
    ]
    shift = 0.01 * seed + (0.004 if backend == "torch" else 0.0)
    for epoch in range(1, epochs + 1):
        left = math.exp(-0.6 * epoch)
        lines.append({
            "event": "evaluated", "epoch": epoch, "validation_metric": 0.95 - 0.8 * left + shift,
            "validation_loss": 0.1 + 2.2 * left, "train_loss": 0.02 + 2.3 * left, **who,
        })  # fmt: skip
    if epochs == 8:
        finished = {"event": "trial_finished", "status": "finished"}
        lines.append({**finished, "validation_metric": 0.95 + shift, **who})
    return lines


def whole(ok: bool = True) -> list[dict[str, Any]]:
    told = [{"event": "gate", **gate} for gate in gates(ok)]
    runs = [line for name in BACKENDS for seed in SEEDS for line in training(name, seed)]
    speed = {name: {"throughput": 51_234.0, "peak_memory": 410 << 20} for name in BACKENDS}
    verdict = (
        "jax and torch take the same training steps from this recipe; whole trainings are "
        "equivalent: the 90% interval of the mean difference in accuracy, [-0.004, -0.0039] over 3 "
        "seeds, is within ±0.01."
    )
    summary = {
        "event": "summary",
        "ok": ok,
        "verdict": verdict if ok else "jax and torch do not agree: losses float64 beyond the limit",
        "equivalence": {"outcome": "equivalent", "low": -0.004, "high": -0.0039, "margin": 0.01},
        "speed": speed,
        "notes": ["dropout was off in gates 1 to 3"],
    }
    return [*begun(), *told, *runs, summary]


def half() -> list[dict[str, Any]]:
    """As far as the middle of the second backend's first training."""
    told = [{"event": "gate", **gate} for gate in gates()]
    runs = [line for seed in SEEDS for line in training("jax", seed)]
    return [*begun(), *told, *runs, *training("torch", 0, 4)]
