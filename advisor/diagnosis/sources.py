"""From a path to the training that lies there, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor import recipe_file
from advisor.diagnosis.adoption import adopted
from advisor.diagnosis.case import Case
from advisor.diagnosis.checks import RECIPE, TRIALS, checks_of
from advisor.diagnosis.ours import recorded, trained
from advisor.diagnosis.told import DiagnosisError, Told
from advisor.logs import Log, LogError, Note, read_log
from advisor.logs.log import counted, shown
from advisor.logs.reading import shown_path
from advisor.recipe import Recipe
from advisor.record import read_about
from advisor.record.about import ABOUT, EVENTS

SESSION = "session.db"
MOST_TRIALS = 10_000


def opened(path: Path, recipe: Recipe | None, told: Told, growing: bool = False) -> Case:
    """The training at this path: a log, the folder of a trial or of a recording, or a session.

    Raises LogError, DiagnosisError or RecipeError, with what was looked for.
    """
    path, notes = _chosen(path)
    log = read_log(path)
    log = replace(log, notes=(*notes, *log.notes))
    folder = _folder_of_events(path, log)
    if folder is None:
        if log.format == "events" and recipe is None:
            raise DiagnosisError(
                f"{log.source}: events of this program, without their {RECIPE} or {ABOUT}; name "
                "the folder that holds both, or the recipe with --recipe"
            )
        if log.format == "events" and recipe is not None:
            return trained(log, _refusing(told, log, recipe))
        return adopted(log, told, recipe, growing)
    about = read_about(folder)
    if about is not None:
        _refuse(told, log)
        return recorded(log, about, recipe)
    known = _refusing(told, log, recipe or _recipe_of(folder, log))
    events = (*checks_of(path if path.is_dir() else path.parent, known), *log.events)
    return trained(replace(log, events=events), known)


def _chosen(path: Path) -> tuple[Path, list[Note]]:
    """Of a session, or of a trial in which nothing was recorded yet, what is to be read."""
    try:
        session = (path / SESSION).is_file() and (path / TRIALS).is_dir()
        if not session:
            return path, []
        trials = sorted((path / TRIALS).iterdir())[:MOST_TRIALS]
        whole = [one for one in trials if (one / RECIPE).is_file() and _is_training(one / EVENTS)]
    except (OSError, ValueError):
        return path, []  # reading says why
    if not whole:
        raise LogError(f"{shown_path(path)}: a session without a training yet")
    many = counted(len(whole), "training")
    said = f"a session of {many}; the last, {shown(whole[-1].name)}, is looked at"
    return whole[-1], [Note("runs", f"{said}. For another name its folder under {TRIALS}")]


def _is_training(events: Path) -> bool:
    if not events.is_file():
        return False
    with events.open("rb") as file:
        return b'"trial_started"' in file.read(4096)


def _folder_of_events(path: Path, log: Log) -> Path | None:
    """The folder whose recipe or description goes with these events."""
    if log.format != "events":
        return None
    folder = path if path.is_dir() else path.parent
    there = any((folder / name).is_file() for name in (ABOUT, RECIPE))
    return folder if there and (path.is_dir() or path.name == EVENTS) else None


def _recipe_of(folder: Path, log: Log) -> Recipe:
    if not (folder / RECIPE).is_file():
        raise DiagnosisError(f"{log.source}: {folder / ABOUT} cannot be read")
    return recipe_file.read(folder / RECIPE)


def _refusing(told: Told, log: Log, recipe: Recipe) -> Recipe:
    _refuse(told, log)
    return recipe


def _refuse(told: Told, log: Log) -> None:
    if told:
        raise DiagnosisError(f"{log.source}: its events say all that could be told; leave it out")
