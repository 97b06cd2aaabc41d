"""`advisor explain`: what a rule, a symptom or a fact means."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from advisor.cli import options
from advisor.cli.commands import Commands, add_command, near
from advisor.cli.errors import CliError, Exit

if TYPE_CHECKING:
    from advisor.facts import FactDefinition
    from advisor.rulebook import Rule
    from advisor.symptoms import Detector

Rows: TypeAlias = dict[str, str | Sequence[str]]

ABOUT = """\
Explains a rule (when it fires, what it changes, why, and where that is known from), a symptom
(how it is detected, and what can fool it), or a fact (what is measured, in which unit)."""

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
    from advisor.facts import VOCABULARY
    from advisor.symptoms import DETECTORS

    name, rules = arguments.name, {rule.id: rule for rule in load(arguments.rules)}
    if name in rules:
        kind, title, rows = "rule", rules[name].title, of_rule(rules[name])
    elif name in DETECTORS:
        detector = DETECTORS[name]
        kind, title, rows = "symptom", detector.about, of_symptom(detector, rules.values())
    elif name in VOCABULARY:
        fact = VOCABULARY[name]
        kind, title, rows = "fact", fact.meaning, of_fact(fact, rules.values())
    else:
        hint = near(name, [*rules, *DETECTORS, *VOCABULARY])
        raise CliError(f"no rule, symptom or fact is called {name!r}{hint}")
    shown = {label: value for label, value in rows.items() if value}
    if arguments.json:
        write_json({"event": "explanation", "name": name, "kind": kind, "title": title, **shown})
    else:
        _print(f"{name} ({kind})", title, shown)
    return Exit.DONE


def of_rule(rule: Rule) -> Rows:
    """What a person wants to know of a rule, by heading."""
    fires = sum(example.fires for example in rule.examples)
    return {
        "stage": rule.stage,
        "maturity": rule.maturity + ("" if rule.active else ", so it proposes nothing"),
        "treats": rule.treats or "",
        "when": [condition.text for condition in rule.when],
        "change": [f"{path} = {_value(value)}" for path, value in rule.change.items()],
        "why": _paragraph(rule.why),
        "expect": _paragraph(rule.expect),
        "caution": _paragraph(rule.caution),
        "references": list(rule.references),
        "examples": f"{fires} fire, {len(rule.examples) - fires} are silent",
        "facts": sorted(rule.reads),
        "source": rule.source,
    }


def of_symptom(detector: Detector, rules: Iterable[Rule]) -> Rows:
    """What a person wants to know of a symptom, by heading."""
    return {
        "severity": detector.severity,
        "fires when": detector.threshold,
        "beware": detector.traps,
        "known from": detector.source,
        "treated by": [rule.id for rule in rules if rule.treats == detector.name],
    }


def of_fact(fact: FactDefinition, rules: Iterable[Rule]) -> Rows:
    """What a person wants to know of a fact, by heading."""
    return {
        "type": fact.type,
        "unit": fact.unit,
        "field": fact.field or "",
        "read by": [rule.id for rule in rules if fact.name in rule.reads],
    }


def _print(heading: str, title: str, rows: Rows) -> None:
    from rich.text import Text

    from advisor.cli.output import console
    from advisor.text import clean

    terminal = console()
    terminal.print(Text(clean(heading), "bold"))
    terminal.print(Text(clean(title)))
    for label, value in rows.items():
        for place, line in enumerate([value] if isinstance(value, str) else value):
            head = Text(f"  {label if place == 0 else '':11}", "dim")
            terminal.print(head + Text(clean(line)))


def _value(value: Any) -> str:
    return str(getattr(value, "text", value))


def _paragraph(text: str) -> str:
    return " ".join(text.split())
