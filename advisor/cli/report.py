"""`advisor report`: what a session did, and how that is known, as a page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit, tell

if TYPE_CHECKING:
    from advisor.ledger import Record
    from advisor.report import Story
    from advisor.rulebook import Rule
    from advisor.session import Session

ABOUT = """\
Writes the report of a session: one HTML file that needs nothing else (no network, no scripts). What
came of it, what changed, every trial with its reason and its evidence, learning curves, symptoms,
probes, cost, and how to repeat it. `advisor auto` and `advisor resume` leave it in the session's
folder at their end; this writes it anew, also of a session that was interrupted, was killed, or is
still at work. Nothing is trained, and nothing else in the folder is changed."""

EXAMPLES = """\
  advisor report runs/digits-20250131-120000
  advisor report runs/digits-20250131-120000 --open
  advisor report runs/digits-20250131-120000 --out digits.html
"""


def add(commands: Commands) -> None:
    about = "what a session did, as a page"
    parser = add_command(commands, "report", about, ABOUT, EXAMPLES, execute)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the session's folder")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="the page's file (default DIR/report.html)"
    )
    parser.add_argument("--open", action="store_true", help="show the page in the web browser")
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor import ledger, report
    from advisor.cli.output import say, write_json

    out: Path | None = arguments.out
    if out is not None and out.is_dir():
        raise CliError(f"{out} is a folder; --out names the file to write")
    story = told_again(ledger.read(arguments.folder))
    path = report.write(story, out)
    if arguments.json:
        write_json({"event": "summary", "report": str(path), "finished": story.pending is None})
    else:
        say(f"report       {path}")
    if arguments.open:
        _show(path)
    return Exit.DONE


def told_again(record: Record) -> Story:
    """The session of this record as far as it got. Raises CliError where the rules or the program
    are no longer those that it was begun with."""
    from advisor import auto
    from advisor.cli import rules
    from advisor.report import replay

    head, folder = record.header, record.folder
    found = rules.load([Path(place) for place in head.get("rule_folders", ())])
    if auto.rules_digest(found) != head.get("rules"):
        raise CliError(
            f"{folder}: the rules have changed since this session was begun (with advisor "
            f"{head.get('advisor', 'of an unknown version')}), so it cannot be told again; "
            "install those it was begun with"
        )
    return replay(_session(record, found), record)


def _session(record: Record, found: tuple[Rule, ...]) -> Session:
    import json

    from pydantic import ValidationError

    from advisor.auto import settings_of
    from advisor.recipe import Recipe
    from advisor.session import Session

    head = record.header
    try:
        recipe = Recipe.model_validate_json(json.dumps(head.get("recipe")))
    except ValidationError as error:
        raise CliError(
            f"{record.folder}: its recipe is not one that this version of the program knows; make "
            f"the report with advisor {head.get('advisor', 'of the version it was begun with')}"
        ) from error
    return Session(recipe, found, settings_of(head))


def _show(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        tell(f"there is no web browser to show it; the page is {path}")
