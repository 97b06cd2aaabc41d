"""`advisor resume`: go on with a session."""

from __future__ import annotations

import argparse
from pathlib import Path

from advisor.cli import options
from advisor.cli.commands import Commands, add_command

ABOUT = """\
Goes on with a session that was interrupted or killed. No finished trial is lost or repeated, and
the decisions are those that the session would have come to without the interruption. A session
that is complete is summed up again."""

EXAMPLES = """\
  advisor resume runs/digits-20250131-120000
  advisor resume runs/digits-20250131-120000 --json
"""


def add(commands: Commands) -> None:
    parser = add_command(commands, "resume", "go on with a session", ABOUT, EXAMPLES, execute)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the session's folder")
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli import sessions

    asked = options.ResumeOptions.of(arguments)
    return sessions.resume(asked.folder, asked.json)
