"""`advisor sweep`: train every combination of some values, many at once."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli import options
from advisor.cli.commands import Commands, add_command, refuse
from advisor.cli.errors import CliError, Exit

if TYPE_CHECKING:
    from advisor.events import Event, TrialFinished
    from advisor.recipe import Recipe
    from advisor.sweep import Member

MOST = 1000
NO_ROOM = (
    "the trainings that ended are in it; make room, then give the command again with another --out"
)

ABOUT = """\
Trains a recipe with every combination of the values given with --vary and ranks the results by
the validation metric. Recipes that differ in numbers only are trained as one program where that
is faster (multilayer perceptrons on CPU, anything on a GPU); the rest is spread over processes.
The test split stays sealed. Ranks of single trainings are noisy: `advisor auto` weighs evidence."""

EXAMPLES = """\
  advisor sweep examples/digits.yaml --vary optimizer.lr=1e-4,3e-4,1e-3,3e-3
  advisor sweep examples/digits.yaml --vary optimizer.lr=1e-3,1e-2 --vary train.seed=0,1,2
  advisor sweep examples/diabetes.yaml --vary regularization.l2=0,1e-4,1e-2 --backend jax --json
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "sweep", "train every combination of some values", ABOUT, EXAMPLES, execute
    )
    options.add_recipe(parser)
    options.add_backend(parser)
    options.add_seed(parser)
    parser.add_argument(
        "--vary",
        metavar="PATH=VALUE,...",
        action=options.Append,
        default=(),
        required=True,
        help="a field and the values it takes; repeatable, all combinations are trained",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=options.count,
        default=0,
        help="processes (default: one for each core; one where there is a GPU)",
    )
    options.add_out(parser, "the results")


def execute(arguments: argparse.Namespace) -> int:
    from advisor.backend_choice import chosen
    from advisor.cli.output import write_json
    from advisor.cli.room import room_in
    from advisor.cli.run import check_folder

    asked = options.SweepOptions.of(arguments)
    backend = chosen(asked.backend)
    _check_distinct(asked.vary)
    for path in map(options.changed_path, asked.vary):
        options.check_once(asked.changes, path, True, "--vary")
        if path == "train.seed":
            refuse(arguments, ("--seed",), "with --vary train.seed, which sets it; leave one out")
    combinations = list(itertools.product(*(_values(text) for text in asked.vary)))
    if len(combinations) > MOST:
        raise CliError(f"--vary: {len(combinations)} combinations; allowed: at most {MOST}")
    recipes = [_recipe(asked, each) for each in combinations]
    folder = options.output_folder(asked.out, recipes[0].name)
    check_folder(folder)
    with room_in(folder, lambda: NO_ROOM):
        finished = _train(asked, backend, recipes, folder)
    lines = [
        _line(recipe, combination, end, folder / _name(number))
        for number, (recipe, combination, end) in enumerate(
            zip(recipes, combinations, finished, strict=True)
        )
    ]
    ranked = sorted(lines, key=lambda line: _rank(recipes[0], line))
    if asked.json:
        for line in ranked:
            write_json({"event": "member", **line})
        write_json({"event": "summary", "best": ranked[0], "folder": str(folder)})
    else:
        _tell(recipes[0], ranked, folder)
    return Exit.DONE if ranked[0]["validation"] is not None else Exit.NOTHING_TRAINED


def _check_distinct(vary: Sequence[str]) -> None:
    """Each field and each of its values may be given once."""
    paths = [text.partition("=")[0].strip() for text in vary]
    for path in paths:
        if paths.count(path) > 1:
            raise CliError(f"--vary: {path} is given twice; write its values as {path}=A,B")
    for text in vary:
        values = _values(text)
        if len(set(values)) < len(values):
            raise CliError(f"--vary {text}: each value may be given once")


def _values(text: str) -> list[str]:
    """`optimizer.lr=1e-4,1e-3` as overrides; commas inside brackets do not separate."""
    path, separator, values = text.partition("=")
    parts = list(_split(values))
    if not separator or not all(parts):
        raise CliError(f"--vary {text}: write PATH=VALUE,VALUE,..., as in optimizer.lr=1e-4,1e-3")
    return [f"{path}={part}" for part in parts]


def _split(values: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, character in enumerate(values):
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth == 0:
            yield values[start:place].strip()
            start = place + 1
    yield values[start:].strip()


def _recipe(asked: options.SweepOptions, combination: Sequence[str]) -> Recipe:
    from advisor import recipe_file

    return recipe_file.read(asked.recipe, (*asked.overrides, *combination))


def _train(
    asked: options.SweepOptions, backend: str, recipes: Sequence[Recipe], folder: Path
) -> list[TrialFinished]:
    from advisor.cli.progress import Progress
    from advisor.cli.run import make_folder
    from advisor.events import TrialFinished
    from advisor.sweep import run_sweep

    with asked.runner(backend) as runner:
        for recipe in {recipe.digest(): recipe for recipe in recipes}.values():
            runner.check(recipe)
        accelerated = runner.info()["devices"][0] != "cpu" and asked.device != "cpu"
    make_folder(folder)
    members = list(_members(recipes, folder))
    workers = asked.workers or (1 if accelerated else 0)
    with Progress("trained", len(members)) as progress:

        def told(member: int, event: Event) -> None:
            if isinstance(event, TrialFinished):
                progress.advance()

        found = run_sweep(members, lambda cpus: asked.runner(backend, cpus), workers, told)
    return [_end(events) for events in found]


def _members(recipes: Sequence[Recipe], folder: Path) -> Iterator[Member]:
    from advisor import recipe_file
    from advisor.sweep import Member

    for number, recipe in enumerate(recipes):
        place = folder / _name(number)
        place.mkdir(parents=True)
        (place / "recipe.yaml").write_text(recipe_file.dump(recipe), encoding="utf-8")
        yield Member(recipe, place)


def _name(number: int) -> str:
    return f"{number:03d}"


def _end(events: Sequence[Event]) -> TrialFinished:
    from advisor.events import TrialFinished

    return next(event for event in reversed(events) if isinstance(event, TrialFinished))


def _line(
    recipe: Recipe, combination: Sequence[str], end: TrialFinished, folder: Path
) -> dict[str, Any]:
    return {
        "values": dict(part.split("=", 1) for part in combination),
        "status": end.status,
        "metric": recipe.metric,
        "validation": end.validation_metric,
        "validation_loss": end.validation_loss,
        "train": end.train_metric,
        "epochs": end.epochs,
        "folder": str(folder),
    }


def _rank(recipe: Recipe, line: dict[str, Any]) -> tuple[bool, float, float]:
    from advisor.metrics import oriented

    value = line["validation"]
    if value is None:
        return (True, 0.0, 0.0)
    return (False, -oriented(recipe.metric, value), line["validation_loss"])


def _tell(recipe: Recipe, ranked: Sequence[dict[str, Any]], folder: Path) -> None:
    from rich.table import Table

    from advisor.cli.output import console, say
    from advisor.text import clean, number

    names = list(ranked[0]["values"])
    table = Table(*map(clean, names), recipe.metric, "loss", "training", "", box=None)
    for line in ranked:
        values = [clean(line["values"][name]) for name in names]
        measured = (line["validation"], line["validation_loss"], line["train"])
        status = "" if line["status"] == "finished" else line["status"].replace("_", " ")
        table.add_row(*values, *map(number, measured), status)
    console().print(table)
    say(f"results: {folder}")
