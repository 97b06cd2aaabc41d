"""Trainings that were recorded with the torch backend: a recipe, then its events, a line each."""

from __future__ import annotations

from pathlib import Path

from advisor.events import Event, from_json
from advisor.recipe import Recipe

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
HEALTHY = [name for name in NAMES if name.startswith("healthy-")]


def load(name: str) -> tuple[Recipe, list[Event]]:
    first, *lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return Recipe.model_validate_json(first), [from_json(line) for line in lines]
