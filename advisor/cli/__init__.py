"""The command line. Importing it imports argparse and little else; commands import what they use.

`parser` puts the commands together, one module a command holds its arguments and what it does,
`options` the arguments that commands share, `errors` what a failure looks like.
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence

from advisor.cli.errors import CliError, reported
from advisor.cli.parser import make_parser, parsed

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`advisor --help` lists them)."""
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # bars and arrows, where the encoding has none
    return reported(lambda: _run(arguments))


def _interrupt(signum: int, frame: object) -> None:
    """A polite request to end is treated like Ctrl+C: the command that goes on is printed."""
    raise KeyboardInterrupt


def _run(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if not words:  # without the parser, which the picker would wait for
        return _without_command()
    found = parsed(words)
    if found.command is None:
        return _without_command()
    code: int = found.execute(found)
    return code


def _without_command() -> int:
    """The recipe picker where there is a terminal for it, else the help."""
    from advisor.cli import tui

    try:
        tui.check_terminal()
    except CliError:
        make_parser().print_help()
        return 0
    return tui.start(tui.opening_without_options())
