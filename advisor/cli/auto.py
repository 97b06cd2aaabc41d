"""`advisor auto`: a whole session without a person."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command

if TYPE_CHECKING:
    from pathlib import Path

    from advisor.auto import Start
    from advisor.recipe import Recipe

ABOUT = """\
Tunes a recipe: trains it as it is, then goes through the stages in their order, tries what the
rules propose, and keeps what a paired comparison shows to help. The test split is opened once,
at the end. The session's folder gets best.yaml and everything that led to it; a session that was
interrupted goes on with `advisor resume`."""

EXAMPLES = """\
  advisor auto examples/digits.yaml
  advisor auto examples/digits.yaml --backend jax --budget 60e --seed 0,1,2
  advisor auto recipe.yaml --set data.source=npz:images.npz --budget 10m --out runs/images
  advisor auto recipe.yaml --budget 30t --workers 4
  advisor auto recipe.yaml --rules my_rules/ --json | tail -n 1
"""


def add(commands: Commands) -> None:
    parser = add_command(commands, "auto", "tune a recipe", ABOUT, EXAMPLES, execute)
    options.add_recipe(parser)
    options.add_backend(parser)
    parser.add_argument(
        "--seed",
        dest="seeds",
        metavar="N[,N...]",
        type=options.seeds,
        default=(),
        help="overrides the recipe's train.seed; several seeds: a session each, in DIR/seed-N",
    )
    options.add_budget(parser)
    parser.add_argument(
        "--workers",
        metavar="N",
        type=options.count,
        default=1,
        help="trainings side by side, each in a process of its own on its share of the "
        "processors: as many proposals are tried at once (default 1)",
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="then spend as many epochs each on random search and on TPE, and compare "
        "(see: advisor control --help)",
    )
    options.add_out(parser, "the session")
    options.add_rules(parser)
    parser.add_argument(
        "--no-experience",
        dest="experience",
        action="store_false",
        help="neither use what was learned of the rules in earlier sessions nor learn from this "
        "one (see: advisor rules experience --help)",
    )


def execute(arguments: argparse.Namespace) -> int:
    from advisor import recipe_file
    from advisor.auto import Start
    from advisor.backend_choice import chosen
    from advisor.cli import rules
    from advisor.cli.errors import tell
    from advisor.experience import learning
    from advisor.ledger import Ledger
    from advisor.session import Settings

    asked = options.AutoOptions.of(arguments)
    backend = chosen(asked.backend)
    recipe = recipe_file.read(asked.recipe, asked.overrides, to_tune=True)
    if late := after_finish(recipe):
        tell(late)
    found = rules.load(asked.rules)
    start = Start(
        recipe,
        found,
        backend,
        asked.device,
        tuple(str(folder.resolve()) for folder in asked.rules),
        asked.deterministic,
        Settings(asked.workers),
        learning.known(found, tell) if asked.experience else None,
    )
    seeds = asked.seeds or (recipe.train.seed,)
    folders = options.seed_folders(options.output_folder(asked.out, recipe.name), seeds)
    for folder in folders.values():
        Ledger.check_free(folder)
    return _sessions(start, folders, asked)


def _sessions(start: Start, folders: dict[int, Path], asked: options.AutoOptions) -> int:
    """A session of each seed; returns the exit code."""
    from advisor.cli import seeds, sessions

    several, codes, outcomes = len(folders) > 1, list[int](), list[seeds.Outcome]()
    for seed, folder in folders.items():
        if several and not asked.json:
            seeds.heading(seed, tuple(folders))
        ended = sessions.begin(start, seed, folder, asked.json, asked.trust)
        codes.append(ended.code)
        outcomes.append(seeds.Outcome.of(seed, ended.summary))
    if asked.control:
        from advisor.cli import control

        for folder in folders.values():
            control.run(folder, asked.json, asked.trust)
    if several:
        seeds.tell(outcomes, start.recipe.metric, asked.json)
    return max(codes)


def after_finish(recipe: Recipe) -> str:
    """A remark on stages that come after the one that ends a session; "" without any."""
    from advisor.stages import ordered

    names = [stage.name for stage in ordered(recipe)]
    late = names[names.index("finish") + 1 :] if "finish" in names else []
    if not late:
        return ""
    come = "comes" if len(late) == 1 else "come"
    return (
        f"tune.stages: {', '.join(late)} {come} after finish, which may spend all that is left "
        "of the budget; put finish last"
    )
