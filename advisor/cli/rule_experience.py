"""`advisor rules experience`: what became of each rule's proposals here, and forgetting that."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli import options
from advisor.cli.commands import Commands, add_command, near, refuse
from advisor.cli.errors import CliError, Exit, tell

if TYPE_CHECKING:
    from advisor.experience import Counts, Experience
    from advisor.experience.store import Known
    from advisor.rulebook import Rule

ABOUT = """\
Lists how often each rule's proposals were accepted, rejected or left undecided in the sessions of
this machine that ended, the chance to be accepted that follows (with its 80 % interval), and how
far that moves the rule among those that are as urgent. Kept are rule ids, hashes and counts, in
one file; nothing of recipes, data or results. --reset forgets all of it, or that of one rule, and
prints what was forgotten."""
EXAMPLES = """\
  advisor rules experience
  advisor rules experience --json
  advisor rules experience --reset lr-times-three    one rule begins anew
  advisor rules experience --reset                   all rules do
"""
ALL = object()


def add(actions: Commands) -> None:
    about = "how the rules have fared on this machine"
    parser = add_command(actions, "experience", about, ABOUT, EXAMPLES, execute)
    parser.add_argument(
        "--reset",
        metavar="RULE",
        nargs="?",
        const=ALL,
        help="forget what became of this rule, or of all rules",
    )
    options.add_rules(parser)
    options.add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from advisor.experience import store

    try:
        if arguments.reset is not None:
            refuse(arguments, ("--rules",), "with --reset: what is forgotten is known by its name")
            rule = None if arguments.reset is ALL else arguments.reset
            return _reset(rule, arguments.json)
        return _list(store.read(tell), arguments.rules, arguments.json)
    except store.ExperienceError as error:
        raise CliError(str(error)) from error


def _list(known: Known, folders: Sequence[Path], json: bool) -> int:
    from advisor.cli.output import say, write_json
    from advisor.cli.rules import load
    from advisor.experience import rule_version, store

    rules = {rule.id: rule for rule in load(folders)}
    current = {rule_version(rule) for rule in rules.values()}
    width = max((len(name) for name, _ in known), default=0)
    for version, counts in sorted(known.items()):
        name = version[0]
        stale = "" if version in current else _why_stale(name, rules)
        if json:
            used = {"version": version[1], "used": not stale}
            write_json({"event": "experience", "rule": name, **used, **_numbers(counts)})
        else:
            say(f"{name:{width}} {_told(counts)}; {stale or _effect(counts)}")
    if json:
        write_json({"event": "summary", "rules": len(known), "file": str(store.experience_file())})
    else:
        say(f"{_entries(len(known))} ({store.experience_file()})")
    return Exit.DONE


def _reset(rule: str | None, json: bool) -> int:
    from advisor.cli.output import say, write_json
    from advisor.experience import store

    known = store.read(tell)
    if rule is not None and not any(rule == name for name, _ in known):
        hint = near(rule, [name for name, _ in known])
        raise CliError(f"nothing is known of a rule {rule!r}{hint}; see: advisor rules experience")
    forgotten = store.forget(rule, tell)
    for (name, digest), counts in sorted(forgotten.items()):
        if json:
            numbers = _numbers(counts)
            write_json({"event": "forgotten", "rule": name, "version": digest, **numbers})
        else:
            say(f"forgotten: {name} {_told(counts)}")
    if json:
        write_json({"event": "summary", "forgotten": len(forgotten)})
    elif not forgotten:
        say("nothing was known")
    return Exit.DONE


def here(rules: Sequence[Rule]) -> Experience:
    """What is known of these rules; what cannot be read is told, and counts as nothing."""
    from advisor.experience import Experience, store

    try:
        return Experience.of(rules, store.read(tell))
    except store.ExperienceError as error:
        tell(str(error))
        return Experience()


def as_json(counts: Counts | None) -> dict[str, Any] | None:
    """Counts of one rule; None when there are none."""
    return _numbers(counts) if counts else None


def in_words(counts: Counts) -> str:
    """`accepted 7 of 9 here (1 rejected, 1 undecided); 10 ranks earlier`."""
    return f"{counts} ({_rest(counts)}); {_effect(counts)}"


def _numbers(counts: Counts) -> dict[str, Any]:
    low, high = counts.interval
    return {
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "undecided": counts.undecided,
        "chance": round(counts.chance, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "ranks": counts.ranks,
    }


def _told(counts: Counts) -> str:
    low, high = counts.interval
    chance = f"chance {counts.chance:.2f} [{low:.2f}, {high:.2f}]"
    return f"accepted {counts.accepted} of {counts.decided} ({_rest(counts)}), {chance}"


def _rest(counts: Counts) -> str:
    return f"{counts.rejected} rejected, {counts.undecided} undecided"


def _effect(counts: Counts) -> str:
    from advisor.experience.counts import moved

    return moved(counts.ranks) if counts.ranks else "does not move it"


def _why_stale(name: str, rules: dict[str, Rule]) -> str:
    if name not in rules:
        return "not used: there is no such rule here"
    return "not used: the rule was another one then"


def _entries(count: int) -> str:
    return "nothing is known yet" if not count else f"{count} {'rule' if count == 1 else 'rules'}"
