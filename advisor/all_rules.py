"""Every rule of a session: the installed ones and a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor import facts, rulebook
from advisor.rulebook import Rule
from advisor.stages import place


def all_rules(folders: Sequence[Path]) -> tuple[Rule, ...]:
    """The installed rules and those in `folders`, in the order of the stages.

    Raises RuleError.
    """
    vocabulary = facts.VOCABULARY
    found = rulebook.with_folders(rulebook.installed(vocabulary), folders, vocabulary)
    return tuple(sorted(found, key=lambda rule: (place(rule.stage), rule.rank, rule.id)))
