"""`advisor compare`: do two backends train the same thing?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit, tell

if TYPE_CHECKING:
    from advisor.compare import Agreement

ABOUT = """\
Takes the same training steps on two backends, from the same initial weights and on the same
batches, and compares outputs, gradients and losses. float64 shows whether both mean the same;
float32 is held to its first steps only, since over many steps rounding differences grow even
between two runs of one framework. Dropout is off: masks of two frameworks cannot agree.
Exit code 1 when a gate does not hold."""

EXAMPLES = """\
  advisor compare examples/digits.yaml
  advisor compare examples/digits.yaml --backends torch,jax --steps 100 --json
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "compare", "do two backends train the same thing?", ABOUT, EXAMPLES, execute
    )
    options.add_recipe(parser)
    parser.add_argument(
        "--backends",
        metavar="NAME,NAME",
        type=options.names,
        default=(),
        help="the two to compare (default: those that are installed)",
    )
    parser.add_argument(
        "--steps",
        metavar="N",
        type=options.count,
        default=100,
        help="optimiser steps (default: 100)",
    )
    options.add_seed(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor import recipe_file
    from advisor.cli import output
    from advisor.compare import compare, summary
    from advisor.runner import WorkerError

    asked = options.CompareOptions.of(arguments)
    backends = _pair(asked.backends)
    recipe = recipe_file.read(asked.recipe, asked.overrides)
    say = output.say if not asked.json else tell
    try:
        agreement = compare(recipe, backends, asked.steps, asked.device, say)
    except WorkerError as error:
        tell(f"error: {error}\n{error.detail}".rstrip())
        return Exit.NOTHING_TRAINED
    if asked.json:
        output.write_json(summary(agreement, recipe))
    else:
        _tell(agreement)
    return Exit.DONE if agreement.ok else Exit.GATES_FAILED


def _pair(asked: tuple[str, ...]) -> tuple[str, str]:
    from advisor.backend import backend_names
    from advisor.cli.backends import chosen, is_installed

    found = [chosen(name) for name in asked] or [n for n in backend_names() if is_installed(n)]
    if len(found) < 2:
        raise CliError(f"--backends: two are needed; installed: {', '.join(found) or 'none'}")
    return found[0], found[1]


def _tell(agreement: Agreement) -> None:
    from rich.table import Table
    from rich.text import Text

    from advisor.cli.output import console, say
    from advisor.text import number

    table = Table("gate", "", "difference", "limit", "", box=None)
    for gate in agreement.gates:
        sign = Text("ok", "green") if gate.ok else Text("FAILS", "bold red")
        table.add_row(gate.name, gate.about, number(gate.value), number(gate.limit), sign)
    console().print(table)
    say("\n".join([*agreement.notes, agreement.sentence]))
