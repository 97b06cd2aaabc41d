"""`advisor compare`: do two backends train the same thing?"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command, refuse
from advisor.cli.errors import CliError, Exit

if TYPE_CHECKING:
    from advisor.compare import Agreement, Plan
    from advisor.recipe import Recipe

STEPS, FULL_STEPS = 100, 1000
SEEDS = (0, 1, 2, 3, 4)
NO_ROOM = (
    "a comparison keeps nothing, and nothing was changed; make room, or name a folder elsewhere in "
    "TMPDIR, then give the command again"
)

ABOUT = """\
Five gates, each with numbers. 1 to 3 take the same training steps on both backends, from the same
initial weights and on the same batches, and hold outputs, gradients and losses together. float64
shows whether both mean the same; float32 is held to its first steps only, since over many steps
rounding differences grow even between two runs of one framework. Dropout is off there: masks of
two frameworks cannot agree. 4 trains the recipe as it is on several seeds and tests whether the
best validation metrics are equivalent: within a margin, beyond it, or undecided. 5 reports speed
and memory, without a verdict. Exit code 1 when a gate does not hold; undecided is no failure."""

EXAMPLES = """\
  advisor compare examples/digits.yaml
  advisor compare examples/digits.yaml --full --no-train
  advisor compare examples/digits.yaml --seeds 0,1,2,3,4,5,6,7 --epochs 4 --margin 0.02
  advisor compare examples/digits.yaml --backends torch,jax --steps 100 --json
"""


@dataclass(frozen=True)
class CompareOptions(options.CompareOptions):
    """How far the comparison goes."""

    train: bool
    seeds: tuple[int, ...]
    epochs: int | None
    margin: float | None
    progress: bool

    @property
    def plan(self) -> Plan:
        from advisor.compare import Plan

        return Plan(self.steps, self.seeds if self.train else (), self.epochs, self.margin)


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
    _add_steps(parser)
    _add_trainings(parser)


def _add_steps(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument(
        "--steps",
        metavar="N",
        type=options.count,
        default=STEPS,
        help=f"optimiser steps of gate 3 (default: {STEPS})",
    )
    steps.add_argument(
        "--full",
        dest="steps",
        action="store_const",
        const=FULL_STEPS,
        default=STEPS,
        help=f"the same as --steps {FULL_STEPS}",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=options.seed,
        help="of gates 1 to 3; overrides the recipe's train.seed",
    )


def _add_trainings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-train", dest="train", action="store_false", help="gates 1 to 3 only")
    parser.add_argument(
        "--seeds",
        metavar="N,N,...",
        type=options.seeds,
        default=SEEDS,
        help=f"of gate 4, at least 3 for a verdict (default: {','.join(map(str, SEEDS))})",
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=options.count,
        help="of gate 4's trainings (default: the recipe's)",
    )
    parser.add_argument(
        "--margin",
        metavar="X",
        type=_margin,
        help="a difference of the metric within this is equivalence; of its logarithm for "
        "perplexity (default: 0.01 of the metric's scale)",
    )
    parser.add_argument(
        "--progress",
        action="store_true",
        help="with --json: a line for each gate and each evaluation as well, as they come",
    )


def _margin(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"found {text!r}; a number above 0 is needed")
    return value


def execute(arguments: argparse.Namespace) -> int:
    from tempfile import gettempdir

    from advisor import recipe_file
    from advisor.cli.room import room_in

    asked = CompareOptions.of(arguments)
    if asked.progress and not asked.json:
        raise CliError("--progress: lines for programs; it goes with --json")
    if not asked.train:
        refuse(
            arguments, ("--seeds", "--epochs", "--margin"), "with --no-train: gate 4 is left out"
        )
    backends = _pair(asked.backends)
    recipe = recipe_file.read(asked.recipe, asked.overrides)
    with room_in(Path(gettempdir()), lambda: NO_ROOM):
        agreement = _compare(asked, recipe, backends)
    if asked.json:
        from advisor.cli.output import write_json
        from advisor.compare import summary

        write_json(summary(agreement, recipe))
    else:
        from advisor.cli.compare_tables import tell_agreement

        tell_agreement(agreement)
    return Exit.DONE if agreement.ok else Exit.GATES_FAILED


def _compare(asked: CompareOptions, recipe: Recipe, backends: tuple[str, str]) -> Agreement:
    from advisor.cli.compare_progress import JsonProgress, watching
    from advisor.compare import compare

    if asked.progress:
        told = JsonProgress(recipe, backends, asked.plan)
        return compare(recipe, backends, asked.plan, told, asked.runner)
    with watching() as watcher:
        return compare(recipe, backends, asked.plan, watcher, asked.runner)


def _pair(asked: tuple[str, ...]) -> tuple[str, str]:
    from advisor.backend import backend_names
    from advisor.backend_choice import chosen, is_installed

    found = [chosen(name) for name in asked] or [n for n in backend_names() if is_installed(n)]
    if len(found) < 2:
        raise CliError(f"--backends: two are needed; installed: {', '.join(found) or 'none'}")
    return found[0], found[1]
