"""Folders as this program leaves them."""

from __future__ import annotations

from pathlib import Path

from advisor.diagnosis import Case
from advisor.diagnosis.sources import opened
from advisor.diagnosis.told import Told
from advisor.events import to_json
from advisor.logs import read_bytes
from advisor.recipe_file import dump
from tests import recorded


def as_case(name: str) -> Case:
    """A recorded trial of tests/recorded, as `diagnose` sees its folder."""
    from advisor.diagnosis.ours import trained

    recipe, events = recorded.load(name)
    text = "".join(to_json(event) + "\n" for event in events)
    return trained(read_bytes(text.encode(), name), recipe)


def write_trial(folder: Path, name: str = "rate-too-high") -> Path:
    recipe, events = recorded.load(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(dump(recipe), encoding="utf-8")
    (folder / "events.jsonl").write_text("".join(to_json(event) + "\n" for event in events))
    return folder


def case_at(path: Path, **told: object) -> Case:
    return opened(path, None, Told(**told))  # type: ignore[arg-type]
