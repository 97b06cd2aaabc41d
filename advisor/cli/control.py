"""`advisor control`: what random search and TPE find for the epochs that a session spent."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit, Interrupted, no_more_interrupts

if TYPE_CHECKING:
    from advisor.control import ControlTrial, Ours
    from advisor.ledger import Record
    from advisor.report import Story
    from advisor.runner import Runner

FOLDER, SUMMARY = "control", "summary.json"

ABOUT = """\
Holds a finished session against searches that know nothing of diagnosis: random search, and
Optuna's TPE with median pruning. Each starts from the session's starting recipe, searches the usual
ranges (docs/search-space.md) with the same backend, device, seed and data, and spends as many
epochs; the test split stays sealed. Shows who had found what after how many epochs, also where the
session comes off worse. It takes about twice as long as the session did; what was interrupted goes
on when the command is given again. DIR/control gets every trial and summary.json, and DIR's report
is written anew with the curves in it."""

EXAMPLES = """\
  advisor control runs/digits-20250131-120000
  advisor control runs/digits-20250131-120000 --json | tail -n 1
  advisor auto examples/digits.yaml --control
"""


def add(commands: Commands) -> None:
    about = "compare a session with random search and TPE"
    parser = add_command(commands, "control", about, ABOUT, EXAMPLES, execute)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of a finished session")
    options.add_trust(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    asked = options.ResumeOptions.of(arguments)
    return run(asked.folder, asked.json, asked.trust)


def run(folder: Path, json: bool, trust: bool) -> int:
    """Search for as many epochs as the session in `folder` spent; returns the exit code."""
    from advisor.cli.room import go_on_with, room_in

    again = f"advisor control {shlex.quote(str(folder))}"
    try:
        with room_in(folder, lambda: go_on_with(again)):
            return _run(folder, json, trust)
    except KeyboardInterrupt:
        no_more_interrupts()
        raise Interrupted(again) from None


def _run(folder: Path, json: bool, trust: bool) -> int:
    from advisor import ledger, report
    from advisor.control import ours
    from advisor.runner import Runner

    record = ledger.read(folder)
    with ledger.Ledger.open(folder):  # one process at a time
        story = _finished(record)
        session = ours(story)
        if session.epochs < 1:
            raise CliError(f"{folder}: this session trained nothing: there is nothing to compare")
        head = record.header
        deterministic = head.get("deterministic", False)
        with Runner(
            head["backend"], head["device"], deterministic=deterministic, trusted=trust
        ) as runner:
            examples = _check_data(runner, session, record)
            found = _compared(runner, session, folder, examples, json)
        report.write(story)  # with the control in it
    _tell(found, session, folder, json)
    return Exit.DONE


def _finished(record: Record) -> Story:
    """The session told again; CliError where it cannot be, or is not at its end."""
    from advisor.cli.report import told_again

    story = told_again(record)
    if story.pending is not None:
        folder = record.folder
        raise CliError(
            f"{folder}: this session is not finished, so how many epochs it takes is not known; "
            f"first: advisor resume {shlex.quote(str(folder))}"
        )
    return story


def _check_data(runner: Runner, session: Ours, record: Record) -> int:
    """How many training examples there are; CliError where they are not those of the session."""
    checked = runner.check(session.start)
    if checked["fingerprint"] != record.header["data"]["fingerprint"]:
        raise CliError(
            f"{record.folder}: {session.start.data.source} is not the data that this session was "
            "begun with; put it back"
        )
    examples: int = checked["train"]
    return examples


def _compared(
    runner: Runner, session: Ours, folder: Path, examples: int, json: bool
) -> dict[str, Any]:
    from advisor.cli.control_view import watching
    from advisor.control import METHODS, outcome, search_control
    from advisor.files import write_text
    from advisor.search import space

    place, start = folder / FOLDER, session.start
    dims = space(start, examples)
    searches: dict[str, list[ControlTrial]] = {}
    with watching(session, json) as view:
        for method in METHODS:
            view.searches(method)
            searches[method.name] = search_control(
                start,
                session.epochs,
                method.kind,
                method.pruner,
                runner,
                place / method.name,
                start.train.seed,
                view.tried,
                view.event,
                dims,
            )
    found = outcome(session, searches, place, dims)
    write_text(place / SUMMARY, _json(found) + "\n")
    return found


def _tell(found: dict[str, Any], session: Ours, folder: Path, json: bool) -> None:
    if json:
        from advisor.cli.output import write_json

        write_json(found)
    else:
        from advisor.cli.control_tables import tell_outcome

        tell_outcome(found, session, folder / FOLDER)


def _json(value: Any) -> str:
    import json as json_text

    return json_text.dumps(value, indent=2)
