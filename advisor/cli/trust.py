"""`advisor trust`: agree to run code that recipes name."""

from __future__ import annotations

import argparse
from pathlib import Path

from advisor.cli.commands import Commands, add_command

ABOUT = """\
A recipe may name code: a model of your own (model.torch, model.jax) or a function that makes the
data (data.source python:FILE.py:FUNCTION). Such code runs only after you have agreed once for the
folder it lies in. Without a folder, the trusted ones are listed."""

EXAMPLES = """\
  advisor trust
  advisor trust ~/projects/nets
  advisor trust ~/projects/nets --remove
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "trust", "agree to run the code that recipes name", ABOUT, EXAMPLES, execute
    )
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, nargs="?", help="all code in it may run"
    )
    parser.add_argument("--remove", action="store_true", help="take the consent back")


def execute(arguments: argparse.Namespace) -> int:
    from advisor import trust
    from advisor.cli.errors import CliError, Exit
    from advisor.cli.output import say

    folder: Path | None = arguments.folder
    try:
        if folder is None:
            if arguments.remove:
                raise CliError("--remove needs a FOLDER")
            known = trust.trusted_folders()
            say("\n".join(map(str, known)) if known else "no folder is trusted")
        elif arguments.remove:
            removed = trust.distrust(folder)
            say(f"{folder.resolve()} {'is no longer' if removed else 'was not'} trusted")
        else:
            trust.trust(folder)
            say(f"code in {folder.resolve()} may run when a recipe names it")
    except trust.UntrustedError as error:
        raise CliError(str(error)) from error
    return Exit.DONE
