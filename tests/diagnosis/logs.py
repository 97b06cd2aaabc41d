"""Logs of foreign trainings with one thing wrong, as bytes and as diagnoses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from advisor.diagnosis import Diagnosis, judged
from advisor.diagnosis.adoption import adopted
from advisor.diagnosis.told import checked
from advisor.facts import VOCABULARY
from advisor.logs import read_bytes
from advisor.recipe import Recipe
from advisor.rulebook import Rule, installed
from advisor.symptoms import Finding

Row = Mapping[str, Any]


@cache
def rules() -> tuple[Rule, ...]:
    return installed(VOCABULARY)


def diagnosed(data: bytes, recipe: Recipe | None = None, **told: Any) -> Diagnosis:
    known = checked(told, recipe is not None)
    return judged(adopted(read_bytes(data, "log"), known, recipe), rules(), known.classes)


def fired(found: Diagnosis) -> dict[str, Finding]:
    return {remark.finding.symptom: remark.finding for remark in found.remarks}


def lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def steps(loss: Callable[[int], float], n: int, stride: int = 1, **more: Any) -> bytes:
    """One loss every `stride` steps, without noise of its own."""
    return lines([{"step": i * stride, "train_loss": loss(i), **more} for i in range(1, n + 1)])


def keras(epochs: int = 30, gap: float = 0.2, late: float = 1.0, seed: int = 0) -> bytes:
    """A classifier by epoch, as Keras' CSVLogger writes it: training fits, validation stays
    `gap` behind, and from epoch 8 on it gets worse, `late` times as fast as is usual here."""
    noise = np.random.default_rng(seed).standard_normal(epochs)
    rows = ["epoch,accuracy,loss,val_accuracy,val_loss"]
    for e in range(epochs):
        fit, since = 1 - np.exp(-e / 4), late * max(0, e - 8)
        trained, held = 0.1 + 0.895 * fit, 0.1 + (0.895 - gap) * fit - 0.006 * since
        loss = 2.3 * np.exp(-e / 4) + 0.02
        held_loss = 2.3 * np.exp(-e / 4) + 0.05 + 2 * gap + 0.02 * since
        values = (trained, loss, held, held_loss * (1 + 0.003 * noise[e]))
        rows.append(f"{e}," + ",".join(f"{value:.4f}" for value in values))
    return "\n".join([*rows, ""]).encode()


def healthy(epochs: int = 30, seed: int = 0) -> bytes:
    return keras(epochs, gap=0.01, late=0.0, seed=seed)
