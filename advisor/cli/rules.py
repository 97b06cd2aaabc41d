"""`advisor rules list | show | check | docs | experience`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli import options, rule_experience, rule_pages
from advisor.cli.commands import Commands, add_command
from advisor.cli.errors import CliError, Exit

if TYPE_CHECKING:
    from advisor.experience import Counts
    from advisor.rulebook import Rule

ABOUT = """\
Lists, shows, checks and documents rules, the installed ones and your own, and tells how they have
fared on this machine."""
EXAMPLES = """\
  advisor rules list --stage learning_rate
  advisor rules show dropout
  advisor rules check my_rules/
  advisor rules docs docs/ --rules my_rules/
  advisor rules experience
"""
LIST_EXAMPLES = """\
  advisor rules list
  advisor rules list --stage regularization --rules my_rules/
  advisor rules list --json
"""
SHOW_EXAMPLES = """\
  advisor rules show dropout
  advisor rules show dropout > my_rules/my-dropout.yaml    to start one of your own from
"""
CHECK_ABOUT = """\
Loads rules and holds each against its own examples: every example must behave as it is labelled,
and every line of `when` must be the only one that does not hold in some silent example.
Exit code 2 when a rule fails."""
CHECK_EXAMPLES = """\
  advisor rules check                             the installed rules
  advisor rules check my_rules/ other/rule.yaml
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "rules", "list, show, check and document rules", ABOUT, EXAMPLES, None
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    lister = add_command(actions, "list", "all rules, by stage", ABOUT, LIST_EXAMPLES, list_rules)
    lister.add_argument("--stage", metavar="NAME", help="rules of this stage only")
    show = add_command(actions, "show", "a rule's YAML", ABOUT, SHOW_EXAMPLES, show_rule)
    show.add_argument("id", metavar="ID")
    check = add_command(
        actions,
        "check",
        "hold rules against their examples",
        CHECK_ABOUT,
        CHECK_EXAMPLES,
        check_rules,
    )
    check.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="rule file or folder")
    for action in (lister, show):
        options.add_rules(action)
    for action in (lister, show, check):
        options.add_json(action)
    rule_pages.add(actions)
    rule_experience.add(actions)


def load(folders: Sequence[Path]) -> tuple[Rule, ...]:
    """The installed rules and those in `folders`, in the order of the stages."""
    from advisor.all_rules import all_rules

    return all_rules(folders)


def list_rules(arguments: argparse.Namespace) -> int:
    from advisor.cli.output import say, write_json

    found = load(arguments.rules)
    if arguments.stage is not None:
        _known_stage(arguments.stage, found)
        found = tuple(rule for rule in found if rule.stage == arguments.stage)
    width = max((len(rule.id) for rule in found), default=0)
    known = rule_experience.here(found).counts
    for rule in found:
        counts = known.get(rule.id)
        if arguments.json:
            fared = rule_experience.as_json(counts)
            write_json({"event": "rule", **_brief(rule), "experience": fared})
        else:
            say(f"{rule.stage:15} {rule.id:{width}} {rule.title}{_note(rule, counts)}")
    if arguments.json:
        write_json({"event": "summary", "rules": len(found)})
    return Exit.DONE


def _note(rule: Rule, counts: Counts | None) -> str:
    maturity = "" if rule.maturity == "stable" else rule.maturity
    notes = [note for note in (maturity, str(counts or "")) if note]
    return f" ({', '.join(notes)})" if notes else ""


def show_rule(arguments: argparse.Namespace) -> int:
    from advisor.cli.commands import near
    from advisor.cli.output import say, write_json

    found = {rule.id: rule for rule in load(arguments.rules)}
    rule = found.get(arguments.id)
    if rule is None:
        hint = near(arguments.id, list(found)) or "; see: advisor rules list"
        raise CliError(f"there is no rule {arguments.id!r}{hint}")
    text = Path(rule.source).read_text(encoding="utf-8")
    if arguments.json:
        write_json({"event": "rule", **_brief(rule), "text": text})
    else:
        say(text.rstrip("\n"))
    return Exit.DONE


def check_rules(arguments: argparse.Namespace) -> int:
    from advisor.cli.output import say, write_json

    checked = _check_files(arguments.paths) if arguments.paths else _check_installed()
    failed = sum(bool(problems) for _, problems in checked)
    for source, problems in checked:
        if arguments.json:
            write_json({"event": "rule", "source": source, "problems": problems})
        else:
            for problem in problems:
                say(problem if problem.startswith(source) else f"{source}: {problem}")
    if arguments.json:
        write_json({"event": "summary", "rules": len(checked), "failed": failed})
    else:
        noun = "rule" if len(checked) == 1 else "rules"
        say(f"{len(checked)} {noun} checked, {failed} failed")
    return Exit.BAD_INPUT if failed else Exit.DONE


def _check_installed() -> list[tuple[str, list[str]]]:
    from advisor.rulebook_testing import problems

    return [(rule.source, problems(rule)) for rule in load(())]


def _check_files(paths: Sequence[Path]) -> list[tuple[str, list[str]]]:
    from advisor import facts, rulebook
    from advisor.rulebook_testing import problems

    checked: list[tuple[str, list[str]]] = []
    used: dict[str, str] = {}
    for path in _rule_files(paths):
        try:
            rule = rulebook.load_file(path, facts.VOCABULARY)
        except rulebook.RuleError as error:
            checked.append((str(path), [str(error)]))
            continue
        again = used.setdefault(rule.id, str(path))
        twice = [f"id: {rule.id!r} is already used by {again}"] if again != str(path) else []
        checked.append((str(path), twice + problems(rule)))
    return checked


def _rule_files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise CliError(f"{path}: there is no such file or folder")
        found = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        if not found:
            raise CliError(f"{path}: holds no rule (*.yaml)")
        files += found
    return files


def _known_stage(name: str, rules: Sequence[Rule]) -> None:
    from advisor.cli.commands import near
    from advisor.recipe import STAGE_NAMES

    known = list(dict.fromkeys([*STAGE_NAMES, *(rule.stage for rule in rules)]))
    if name not in known:
        raise CliError(
            f"--stage: there is no stage {name!r}{near(name, known)}; known: {', '.join(known)}"
        )


def _brief(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "stage": rule.stage,
        "maturity": rule.maturity,
        "title": rule.title,
        "source": rule.source,
    }
