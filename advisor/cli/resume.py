"""`advisor resume`: go on with a session or a training."""

from __future__ import annotations

import argparse
from pathlib import Path

from advisor.cli import options
from advisor.cli.commands import Commands, add_command

ABOUT = """\
Goes on with a session, or with the training of `advisor run`, that was interrupted or killed. No
finished trial is lost or repeated, and the decisions are those that the session would have come
to without the interruption. A training goes on from its last checkpoint, to the same weights.
What is complete is summed up again."""

EXAMPLES = """\
  advisor resume runs/digits-20250131-120000
  advisor resume runs/digits-20250131-120000 --json
"""


def add(commands: Commands) -> None:
    about = "go on with a session or a training"
    parser = add_command(commands, "resume", about, ABOUT, EXAMPLES, execute)
    parser.add_argument("folder", metavar="DIR", type=Path, help="its folder")
    options.add_trust(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli import run

    asked = options.ResumeOptions.of(arguments)
    if (asked.folder / run.SETTINGS).is_file():
        return run.resume(asked.folder, asked.json, asked.trust)
    from advisor.cli import sessions

    return sessions.resume(asked.folder, asked.json, asked.trust)
