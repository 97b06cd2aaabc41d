"""What every command is made with."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from advisor.cli.errors import CliError

Execute: TypeAlias = Callable[[argparse.Namespace], int]
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
FEW = 3
"""Commands that are named where they have an option that another has not."""


class Parser(argparse.ArgumentParser):
    """Raises CliError instead of printing, so that all errors look the same. What it parses holds
    in `given` the names of the options that were written, such as `--seed`."""

    commands: Commands | None = None
    """those of which this is one"""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        found, unknown = super().parse_known_args(words, namespace)
        if unknown:  # told by the command that does not know it, not by `advisor`
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._meant(unknown)}")
        found.given = _given(words)
        return found, unknown

    def error(self, message: str) -> NoReturn:
        raise CliError(f"{message}{_did_you_mean(message)}\nsee: {self.prog} --help")

    def _meant(self, unknown: Sequence[str]) -> str:
        """What an option that is not known may have been meant to be, or which commands have it."""
        for option in (word.partition("=")[0] for word in unknown if word[:1] == "-"):
            others = [one.prog for one in self.beside.values() if option in one.options]
            if 0 < len(others) <= FEW:
                return f"; {option} is an option of {', '.join(others)}"
            if hint := near(option, self.options):
                return hint
        return ""

    @property
    def beside(self) -> Mapping[str, Parser]:
        """The commands of which this is one."""
        return {} if self.commands is None else self.commands.choices

    @property
    def options(self) -> list[str]:
        return [option for action in self._actions for option in action.option_strings]


def _given(words: Sequence[str]) -> frozenset[str]:
    """The options among the words of a command line."""
    before = words[: words.index("--")] if "--" in words else words
    return frozenset(word.partition("=")[0] for word in before if word.startswith("--"))


def refuse(arguments: argparse.Namespace, options: Iterable[str], why: str) -> None:
    """Raise CliError where one of these options was written: it would change nothing. `why`
    follows `has no effect`."""
    if found := [option for option in options if option in arguments.given]:
        verb = "has" if len(found) == 1 else "have"
        raise CliError(f"{', '.join(found)} {verb} no effect {why}")


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
    parser.commands = commands
    if execute is not None:
        parser.set_defaults(execute=execute)
    return parser
