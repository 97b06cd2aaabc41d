"""The parser of the whole command line, or of the one command that is called."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from advisor import __version__
from advisor.cli.commands import Parser
from advisor.cli.errors import CliError

DESCRIPTION = """\
Tunes a neural network in a fixed order, one change at a time: each change for a stated reason,
read off the training run, and kept only if a paired comparison says that it helped."""

EPILOG = """\
examples:
  advisor tui recipe.yaml                         tune together, in the terminal
  advisor auto recipe.yaml                        tune, and leave best.yaml in a new folder
  advisor run recipe.yaml --set optimizer.lr=0.01 train once and say what is wrong
  advisor control DIR                             what would random search and TPE have found?
  advisor report runs/digits-20250131-120000      what a session did, as a page
  advisor compare recipe.yaml                     do both backends train the same thing?
  advisor sweep recipe.yaml --vary optimizer.lr=1e-4,1e-3,1e-2
  advisor diagnose trainer_state.json             what is wrong with a training, from its log
  advisor explain overfitting                     what a rule, a symptom or a fact means
  advisor COMMAND --help                          options and examples of a command

exit codes:
  0    done
  1    compare: the backends do not agree
  2    bad input; the message says what, and nothing was changed
  3    nothing could be trained
  70   a fault in advisor itself
  74   a disk is full; the message says which, and how to go on
  130  interrupted; a session can be resumed
  141  whoever read the output closed it
"""


COMMANDS = (
    "tui",
    "run",
    "auto",
    "resume",
    "report",
    "control",
    "compare",
    "sweep",
    "diagnose",
    "rules",
    "explain",
    "schema",
    "trust",
)
"""modules of this package, in the order of the help"""


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """What a command line says. Imports only the command that is called, unless it is wrong: then
    the parser of all commands says so, as it knows what else may have been meant."""
    if words and words[0] in COMMANDS:
        try:
            return make_parser(words[:1]).parse_args(words)
        except CliError:
            pass
    return make_parser().parse_args(words)


def make_parser(names: Sequence[str] = COMMANDS) -> Parser:
    """These commands with their options and help."""
    parser = Parser(
        prog="advisor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"advisor {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name in names:
        import_module(f"advisor.cli.{name}").add(commands)
    return parser
