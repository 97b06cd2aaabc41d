"""`advisor explain`: what a rule, a symptom or a fact means."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command, near
from advisor.cli.errors import CliError, Exit

if TYPE_CHECKING:
    from advisor.explanations import Explanation

LABEL = 11
ABOUT = """\
Explains a rule (when it fires, what it changes, why, and where that is known from), a symptom
(how it is detected, what can fool it, and what to do first), or a fact (what is measured, in
which unit). A name that a rule and a fact share gets both."""

EXAMPLES = """\
  advisor explain overfitting                     a symptom
  advisor explain train_val_gap                   a fact
  advisor explain range-test                      a rule
  advisor explain my-dropout --rules my_rules/    a rule of yours
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "explain", "what a rule, symptom or fact means", ABOUT, EXAMPLES, execute
    )
    parser.add_argument("name", metavar="NAME", help="a rule, a symptom or a fact")
    options.add_rules(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli.output import write_json
    from advisor.cli.rules import load
    from advisor.explanations import explained
    from advisor.facts import VOCABULARY
    from advisor.session_symptoms import SESSION_DETECTORS

    name, rules = arguments.name, load(arguments.rules)
    found = explained(name, rules)
    if not found:
        hint = near(name, [*(rule.id for rule in rules), *VOCABULARY, *SESSION_DETECTORS])
        raise CliError(f"no rule, symptom or fact is called {name!r}{hint}")
    for place, entry in enumerate(found):
        if arguments.json:
            head = {"event": "explanation", "name": name, "kind": entry.kind, "title": entry.title}
            source = {"source": entry.source} if entry.source else {}
            write_json(head | entry.values | source)
        else:
            _print(entry, after_another=place > 0)
    return Exit.DONE


def _print(entry: Explanation, after_another: bool) -> None:
    from rich.text import Text

    from advisor.cli.output import console
    from advisor.text import clean

    terminal = console()
    width = terminal.width - LABEL - 3 if terminal.is_terminal else 0
    if after_another:
        terminal.print()
    terminal.print(Text(f"{clean(entry.name)} ({entry.kind})", "bold"))
    terminal.print(Text(clean(entry.title)))
    texts = [(row.heading, row.lines) for row in entry.rows]
    if entry.source:
        texts.append(("source", (entry.source,)))
    for heading, each in texts:
        lines = [line for text in each for line in _lines(clean(text), width)]
        for place, line in enumerate(lines):
            head = Text(f"  {heading if place == 0 else '':{LABEL}}", "dim")
            terminal.print(head + Text(line))


def _lines(text: str, width: int) -> list[str]:
    """The text in lines of a terminal, or as it is where `width` is 0 or too small."""
    if width < LABEL:
        return [text]
    return textwrap.wrap(text, width, break_on_hyphens=False, subsequent_indent="  ") or [""]
