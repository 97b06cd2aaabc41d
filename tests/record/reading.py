"""Reads a recording as `advisor diagnose` would."""

from __future__ import annotations

from pathlib import Path

from advisor.history import History
from advisor.logs import read_log
from advisor.recipe import Recipe
from advisor.symptoms import detect


def recipe(epochs: int = 10) -> Recipe:
    base = Recipe.model_validate(
        {"task": "classification", "data": {"source": "sklearn:wine"}, "model": {"kind": "mlp"}}
    )
    return base.changed({"train.epochs": epochs, "train.batch_size": 16})


def history(folder: Path, epochs: int = 10) -> History:
    return History(recipe(epochs), read_log(folder).events)


def fired(folder: Path, epochs: int = 10) -> set[str]:
    found = detect(recipe(epochs), read_log(folder).events)
    return {finding.symptom for finding in found if finding.outcome == "fired"}
