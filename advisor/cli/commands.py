"""What every command is made with."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from advisor.cli.errors import CliError

Execute: TypeAlias = Callable[[argparse.Namespace], int]
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """Raises CliError instead of printing, so that all errors look the same."""

    def error(self, message: str) -> NoReturn:
        raise CliError(f"{message}{_did_you_mean(message)}\nsee: {self.prog} --help")


def _did_you_mean(message: str) -> str:
    found = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)$", message)
    return near(found[1], re.findall(r"[\w-]+", found[2])) if found else ""


def near(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?`, or nothing when nothing comes close."""
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def add_command(
    commands: Commands, name: str, summary: str, about: str, examples: str, execute: Execute | None
) -> Parser:
    """A command with its help: what it does, its options, and examples."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=about,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if execute is not None:
        parser.set_defaults(execute=execute)
    return parser
