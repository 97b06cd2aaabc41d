"""A trial's folder: its recipe, events, weights, validation outputs, and what it cost."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load_file

from advisor import recipe_file
from advisor.events import Event, ProbeFinished, StepsDone, TrialFinished, from_json, to_json
from advisor.evidence import Predictions
from advisor.files import write_text
from advisor.recipe import Recipe
from advisor.requests import Result
from advisor.runner import WorkerError


def trial_folder(folder: Path, number: int) -> Path:
    """Where the trial or probe of this number keeps its files."""
    return folder / "trials" / f"{number:03d}"


@dataclass(frozen=True)
class Cost:
    """What is written beside a trial's files once they are whole."""

    seconds: float
    error: str = ""


def begin(place: Path, recipe: Recipe) -> None:
    """Make the folder of a trial that is about to run; one that a killed run of the same recipe
    left stays, since its training goes on from its last checkpoint."""
    text, file = recipe_file.dump(recipe), place / "recipe.yaml"
    if place.exists() and not (file.exists() and file.read_text(encoding="utf-8") == text):
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def conclude(place: Path, recipe: Recipe, cost: Cost) -> None:
    """Mark the trial's files as whole."""
    content = {"recipe": recipe.digest(), "seconds": cost.seconds, "error": cost.error}
    write_text(place / "done.json", json.dumps(content) + "\n")


def concluded(place: Path, recipe: Recipe) -> Cost | None:
    """What a trial of this recipe in this folder cost; None when it did not come to its end."""
    try:
        content = json.loads((place / "done.json").read_text(encoding="utf-8"))
        if content["recipe"] != recipe.digest() or not is_whole(read_result(place)):
            return None
        return Cost(float(content["seconds"]), str(content["error"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_result(folder: Path, seconds: float = 0.0, error: str = "") -> Result:
    """What a trial's folder holds. A torn last line, left by a kill, is passed over."""
    events = read_events(folder / "events.jsonl")
    predictions, file = None, folder / "validation.safetensors"
    if file.exists():
        arrays = load_file(file)
        predictions = Predictions(arrays["outputs"], arrays["targets"])
    return Result(events, predictions, seconds, error)


def seconds_in_all(folder: Path) -> float:
    """What the training in this folder took in all the processes that it went on in; 0.0 for what
    is none."""
    finished = Result(read_events(folder / "events.jsonl")).finished
    return finished.seconds if finished else 0.0


def is_whole(result: Result) -> bool:
    """Whether a finished trial's files hold its end, and its outputs where it has any."""
    ended = result.events and isinstance(result.events[-1], TrialFinished | ProbeFinished)
    finished = result.finished
    measured = finished is not None and finished.validation_metric is not None
    return bool(ended) and (result.predictions is not None or not measured)


def read_events(path: Path) -> list[Event]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(from_json(line))
        except ValueError:
            if number != len(lines):
                raise
    return events


def note_failure(place: Path, failure: Exception) -> Event:
    """End the trial's events with what it had spent and why it failed; returns that event."""
    if isinstance(failure, WorkerError) and failure.detail:
        (place / "error.txt").write_text(failure.detail, encoding="utf-8")
    events = read_events(place / "events.jsonl")
    steps = [event for event in events if isinstance(event, StepsDone)]
    last = steps[-1] if steps else None
    ended = TrialFinished(
        "failed",
        last.epoch if last else 0.0,
        last.step if last else 0,
        0,
        last.seconds if last else 0.0,
        *(None, None, None, None, None),
        str(failure),
    )
    lines = [to_json(event) for event in [*events, ended]]
    (place / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ended
