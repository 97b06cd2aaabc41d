"""Rules: one YAML file each, checked when it is loaded, never when it is too late.

A rule says: at this stage, when these facts hold, propose this change, for this reason.
"""

from advisor.rulebook.changes import NOT_FOR_RULES
from advisor.rulebook.document import OPTIONAL, REQUIRED
from advisor.rulebook.folders import ENTRY_POINTS, installed, load_file, load_folder, with_folders
from advisor.rulebook.reading import parse_rule
from advisor.rulebook.rule import (
    Criterion,
    Example,
    Judgement,
    Maturity,
    Rule,
    RuleError,
)

__all__ = [
    "ENTRY_POINTS",
    "NOT_FOR_RULES",
    "OPTIONAL",
    "REQUIRED",
    "Criterion",
    "Example",
    "Judgement",
    "Maturity",
    "Rule",
    "RuleError",
    "installed",
    "load_file",
    "load_folder",
    "parse_rule",
    "with_folders",
]
