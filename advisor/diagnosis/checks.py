"""What was checked before a training of ours, wherever that was written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from advisor import recipe_file
from advisor.checked import CHECKS, applicable
from advisor.events import Event, ProbeFinished, from_json
from advisor.recipe import Recipe
from advisor.recipe_file import RecipeError
from advisor.record.about import EVENTS

RECIPE, TRIALS = "recipe.yaml", "trials"
FIRST = '{"event": "probe_finished"'
LARGEST = 1 << 20
"""bytes of the events of a check; there is one, of some kilobytes"""


def checks_of(folder: Path, recipe: Recipe) -> list[Event]:
    """Those that hold for this recipe: of a single training in a folder beside its events, of a
    session among the other trials."""
    found = []
    for place, looked_at in _places(folder, recipe):
        event = _read(place / EVENTS)
        if event is not None:
            found.append((looked_at, event))
    return list(applicable(found, recipe))


def _places(folder: Path, recipe: Recipe) -> Iterator[tuple[Path, Recipe]]:
    yield folder / "preflight", recipe
    if folder.parent.name != TRIALS:
        return
    for place in sorted(folder.parent.iterdir()):
        if place != folder and _begins_as_check(place / EVENTS):
            try:
                yield place, recipe_file.read(place / RECIPE)
            except (OSError, RecipeError):  # of another trial, which is not asked for
                continue


def _begins_as_check(file: Path) -> bool:
    try:
        with file.open("rb") as events:
            return events.read(len(FIRST)) == FIRST.encode()
    except OSError:
        return False


def _read(file: Path) -> ProbeFinished | None:
    try:
        if file.stat().st_size > LARGEST:
            return None
        events = [from_json(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):  # there is none, or it is damaged: the training is what counts
        return None
    checks = [e for e in events if isinstance(e, ProbeFinished) and e.probe in CHECKS]
    return checks[-1] if checks else None
