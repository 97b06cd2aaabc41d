"""`advisor explain`: what a rule, a symptom or a fact means."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from advisor.cli import options
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit

if TYPE_CHECKING:
    from advisor.explanations import Explanation
    from advisor.rulebook import Rule

LABEL = 11
ABOUT = """\
Explains a rule (when it fires, what it changes, why, where that is known from, and how it has
fared on this machine), a symptom (how it is detected, what can fool it, and what to do first), or
a fact (what is measured, in which unit). A name that a rule and a fact share gets both."""

EXAMPLES = """\
  advisor explain overfitting                     a symptom
  advisor explain loss floor                      one of two words, as a diagnosis names it
  advisor explain train_val_gap                   a fact
  advisor explain range-test                      a rule
  advisor explain my-dropout --rules my_rules/    a rule of yours
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "explain", "what a rule, symptom or fact means", ABOUT, EXAMPLES, execute
    )
    parser.add_argument("name", metavar="NAME", nargs="+", help="a rule, a symptom or a fact")
    options.add_rules(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli import rule_experience
    from advisor.cli.output import write_json
    from advisor.cli.rules import load

    rules = load(arguments.rules)
    found = _explained(" ".join(arguments.name), rules)
    names = {entry.name for entry in found if entry.kind == "rule"}
    asked = [rule for rule in rules if rule.id in names]
    fared_all = rule_experience.here(asked).counts if asked else {}
    for place, entry in enumerate(found):
        a_rule = entry.kind == "rule"
        counts = fared_all.get(entry.name) if a_rule else None
        if arguments.json:
            head = {"event": "explanation", "name": entry.name}
            head |= {"kind": entry.kind, "title": entry.title}
            source = {"source": entry.source} if entry.source else {}
            fared = {"experience": rule_experience.as_json(counts)} if a_rule else {}
            write_json(head | entry.values | source | fared)
        else:
            fared_here = rule_experience.in_words(counts) if a_rule and counts else ""
            _print(entry, fared_here, after_another=place > 0)
    return Exit.DONE


def _explained(name: str, rules: Sequence[Rule]) -> list[Explanation]:
    """Everything of this name, however it is written. Raises CliError."""
    from advisor import explanations
    from advisor.diagnosis.explained import LOG_SYMPTOMS

    names = explanations.names_like(name, rules)
    found = [entry for each in names for entry in explanations.explained(each, rules)]
    found += [
        one for one in LOG_SYMPTOMS if explanations.plain(one.name) == explanations.plain(name)
    ]
    if not found:
        known = (*explanations.all_names(rules), *(one.name for one in LOG_SYMPTOMS))
        raise CliError(f"no rule, symptom or fact is called {name!r}{_nearest(name, known)}")
    return found


def _nearest(name: str, known: Sequence[str]) -> str:
    from advisor.explanations import plain

    by_form = {plain(one): one for one in known}
    close = difflib.get_close_matches(plain(name), by_form, 1)
    return f"; did you mean {by_form[close[0]]!r}?" if close else ""


def _print(entry: Explanation, fared_here: str, after_another: bool) -> None:
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
    if fared_here:
        texts.append(("fared", (fared_here,)))
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
