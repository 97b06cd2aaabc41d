"""`advisor run`: one training, and what is wrong with it."""

from __future__ import annotations

import argparse
import json as json_text
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit, Interrupted, no_more_interrupts, tell

if TYPE_CHECKING:
    from advisor.events import Evaluated, Event, TrialFinished
    from advisor.recipe import Recipe
    from advisor.runner import Runner
    from advisor.symptoms import Finding

RECIPE, SETTINGS, CHECKS = "recipe.yaml", "run.json", "preflight"

ABOUT = """\
Trains a recipe once and reports the result and every symptom that fired. The test split stays
sealed. The folder gets recipe.yaml, events.jsonl and the best weights (best.safetensors)."""

EXAMPLES = """\
  advisor run examples/digits.yaml
  advisor run examples/digits.yaml --set optimizer.lr=0.003 --set model.activation=relu
  advisor run examples/digits.yaml --backend jax --seed 1 --json
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "run", "train a recipe once and say what is wrong", ABOUT, EXAMPLES, execute
    )
    options.add_recipe(parser)
    options.add_backend(parser)
    options.add_seed(parser)
    options.add_out(parser, "the results")


def execute(arguments: argparse.Namespace) -> int:
    from advisor import recipe_file
    from advisor.backend_choice import chosen
    from advisor.cli.room import resumable, room_in
    from advisor.files import write_text

    asked = options.RunOptions.of(arguments)
    backend = chosen(asked.backend)
    recipe = recipe_file.read(asked.recipe, asked.overrides)
    folder = options.output_folder(asked.out, recipe.name)
    check_folder(folder)
    with room_in(folder, resumable(folder)), asked.runner(backend) as runner:
        runner.check(recipe)
        make_folder(folder)
        write_text(folder / RECIPE, recipe_file.dump(recipe))
        settings = {
            "backend": backend,
            "device": asked.device,
            "deterministic": asked.deterministic,
        }
        write_text(folder / SETTINGS, json_text.dumps(settings) + "\n")
        return _work(runner, recipe, folder, asked.json)


def resume(folder: Path, json: bool, trust: bool) -> int:
    """Go on with the training in `folder` from its last checkpoint."""
    from advisor import recipe_file
    from advisor.cli.room import resumable, room_in
    from advisor.runner import Runner

    recipe = recipe_file.read(folder / RECIPE)
    try:
        settings = json_text.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        with room_in(folder, resumable(folder)), Runner(**settings, trusted=trust) as runner:
            runner.check(recipe)
            return _work(runner, recipe, folder, json)
    except (ValueError, TypeError) as error:
        raise CliError(f"{folder / SETTINGS} is damaged: {error}") from error


def _work(runner: Runner, recipe: Recipe, folder: Path, json: bool) -> int:
    from advisor.cli.output import write_json
    from advisor.runner import WorkerError

    try:
        events = [*_check(runner, recipe, folder, json), *_train(runner, recipe, folder, json)]
    except KeyboardInterrupt:
        no_more_interrupts()
        raise Interrupted(f"advisor resume {shlex.quote(str(folder))}") from None
    except WorkerError as error:
        tell(f"error: {error}\n{error.detail}".rstrip())
        if json:
            write_json(_failed(str(error), folder))
        return Exit.NOTHING_TRAINED
    return _report(recipe, events, folder, json)


def _check(runner: Runner, recipe: Recipe, folder: Path, json: bool) -> list[Event]:
    """What can be seen before training; of a training that goes on, what was seen then."""
    from advisor.cli.output import write_json
    from advisor.events import as_dict
    from advisor.trial_files import read_events

    place = folder / CHECKS
    known = read_events(place / "events.jsonl")
    if known:
        return known
    place.mkdir(exist_ok=True)
    return runner.probe(
        "preflight", recipe, place, lambda event: write_json(as_dict(event)) if json else None
    )


def _train(runner: Runner, recipe: Recipe, folder: Path, json: bool) -> list[Event]:
    from advisor.cli.output import write, write_json
    from advisor.events import Evaluated, TrialStarted, as_dict
    from advisor.text import counted

    def told(event: Event) -> None:
        if json:
            write_json(as_dict(event))
        elif isinstance(event, TrialStarted):
            write(
                f"{event.backend} on {event.device}: {event.parameters:,} parameters, "
                f"{counted(event.steps_per_epoch, 'step')} an epoch"
            )
        elif isinstance(event, Evaluated):
            write(_line(recipe, event))

    return runner.train(recipe, folder, told)


def check_folder(folder: Path) -> None:
    """Say at once what would only come to light after the data are read."""
    try:
        occupied = folder.exists() and any(folder.iterdir())
    except OSError as error:
        raise CliError(f"{folder}: cannot be the output folder: {error.strerror}") from error
    if occupied:
        raise CliError(f"{folder} is not empty; choose another folder with --out")


def make_folder(folder: Path) -> None:
    """The new output folder. Raises CliError where it cannot be one."""
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"{folder}: cannot be the output folder: {error.strerror}") from error


def _line(recipe: Recipe, event: Evaluated) -> str:
    from advisor.text import number

    return (
        f"epoch {event.epoch:6.1f}   validation {recipe.metric} "
        f"{number(event.validation_metric)}, loss {number(event.validation_loss)}   training "
        f"{number(event.train_metric)}, {number(event.train_loss)}{'   best' if event.best else ''}"
    )


def _report(recipe: Recipe, events: list[Event], folder: Path, json: bool) -> int:
    from advisor.cli.output import say, write_json
    from advisor.events import TrialFinished
    from advisor.symptoms import detect

    finished = next(event for event in reversed(events) if isinstance(event, TrialFinished))
    fired = [found for found in detect(recipe, events) if found.outcome == "fired"]
    if json:
        write_json(summary(recipe, finished, fired, folder))
    else:
        say(_told(recipe, finished, fired, folder))
    return Exit.DONE if finished.validation_metric is not None else Exit.NOTHING_TRAINED


def summary(
    recipe: Recipe, finished: TrialFinished, fired: list[Finding], folder: Path
) -> dict[str, Any]:
    """The documented last object of `run --json`."""
    from advisor.journal.values import finding

    values = {
        "validation": (finished.validation_metric, finished.validation_loss),
        "train": (finished.train_metric, finished.train_loss),
    }
    return {
        "event": "summary",
        "status": finished.status,
        "message": finished.message,
        **{
            name: None if value is None else {"metric": recipe.metric, "value": value, "loss": loss}
            for name, (value, loss) in values.items()
        },
        "symptoms": [finding(found) for found in fired],
        "cost": {
            "epochs": finished.epochs,
            "examples": finished.examples,
            "seconds": finished.seconds,
        },
        "folder": str(folder),
    }


def _failed(message: str, folder: Path) -> dict[str, Any]:
    """The summary of a training that never got to its end."""
    return {
        "event": "summary",
        "status": "failed",
        "message": message,
        "validation": None,
        "train": None,
        "symptoms": [],
        "cost": None,
        "folder": str(folder),
    }


def _told(recipe: Recipe, finished: TrialFinished, fired: list[Finding], folder: Path) -> str:
    from advisor.text import counted, number

    note = f" ({finished.message})" if finished.message else ""
    lines = [
        f"{finished.status.replace('_', ' ')} after {counted(finished.epochs, 'epoch')}{note}",
        f"best validation {recipe.metric} {number(finished.validation_metric)}, "
        f"loss {number(finished.validation_loss)}",
        *(
            f"{'  so also' if found.explained_by else '!'} "
            f"{found.symptom.replace('_', ' ')}: {found.reads}"
            for found in fired
        ),
        "no symptom fired" if not fired else "what they mean: advisor explain NAME",
        f"results: {folder}",
    ]
    return "\n".join(lines)
