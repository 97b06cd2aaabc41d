"""`advisor rules docs`: writes the pages of Markdown that explain rules, symptoms and facts."""

from __future__ import annotations

import argparse
from pathlib import Path

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit

ABOUT = """\
Writes what `advisor explain` tells of every rule, symptom and fact as pages of Markdown with links
between them: DIR/rules/index.md, a page for each stage beside it, DIR/symptoms.md, DIR/facts.md.
Pages that it wrote before are replaced; no other file is."""
EXAMPLES = """\
  advisor rules docs docs/
  advisor rules docs docs/ --rules my_rules/      with yours among them
"""


def add(actions: Commands) -> None:
    parser = add_command(actions, "docs", "write pages that explain them", ABOUT, EXAMPLES, execute)
    parser.add_argument("folder", metavar="DIR", type=options.folder, help="where the pages go")
    options.add_rules(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli.output import say, write_json
    from advisor.cli.rules import load
    from advisor.pages import pages

    folder: Path = arguments.folder
    made = pages(load(arguments.rules))
    _refuse_others(folder, made)
    for path, text in made.items():
        _write(folder / path, text)
    if arguments.json:
        write_json({"event": "summary", "folder": str(folder), "pages": list(made)})
    else:
        say(f"{len(made)} pages written to {folder}")
    return Exit.DONE


def _refuse_others(folder: Path, made: dict[str, str]) -> None:
    """Before anything is written: a page of somebody else's must not be lost."""
    from advisor.pages import is_page

    for path in (folder / name for name in made):
        there = path.read_bytes().decode(errors="replace") if path.is_file() else None
        if there is not None and not is_page(there):
            raise CliError(f"{path}: is there and was not written by this command; move it away")


def _write(path: Path, text: str) -> None:
    from advisor.files import write_text

    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
