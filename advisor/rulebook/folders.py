"""Where rules are found: in installed packages and in folders, one YAML file each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata, resources
from pathlib import Path

from advisor.conditions import did_you_mean
from advisor.facts import FactDefinition
from advisor.recipe import STAGE_NAMES
from advisor.rulebook.reading import parse_rule
from advisor.rulebook.rule import Rule, RuleError

ENTRY_POINTS = "advisor.rules"


def installed(vocabulary: Mapping[str, FactDefinition]) -> tuple[Rule, ...]:
    """The rules of every installed package that registers any. Raises RuleError."""
    rules: list[Rule] = []
    for point in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            package = resources.files(point.value)
        except (ImportError, TypeError) as error:
            raise RuleError(
                f"rules {point.name!r}: package {point.value!r} is not there: {error}"
            ) from error
        with resources.as_file(package) as folder:
            rules += load_folder(folder, vocabulary)
    return _united(rules)


def with_folders(
    rules: Sequence[Rule], folders: Iterable[Path], vocabulary: Mapping[str, FactDefinition]
) -> tuple[Rule, ...]:
    """`rules` and those in the folders. Raises RuleError.

    An id may be used once, unless the other rule says `replaces: id` and so takes its place.
    """
    found = list(rules)
    for folder in folders:
        found += load_folder(folder, vocabulary)
    return _united(found)


def load_folder(folder: Path, vocabulary: Mapping[str, FactDefinition]) -> tuple[Rule, ...]:
    """Every *.yaml file under a folder, in order of path. Raises RuleError."""
    if not folder.is_dir():
        raise RuleError(f"{folder}: is not a folder of rules")
    return tuple(load_file(path, vocabulary) for path in sorted(folder.rglob("*.yaml")))


def load_file(path: Path, vocabulary: Mapping[str, FactDefinition]) -> Rule:
    """One rule file. Raises RuleError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read: {error}") from error
    rule = parse_rule(text, vocabulary, str(path))
    if rule.id != path.stem:
        raise RuleError(f"{path}: id: found {rule.id!r}; it must be the file's name, {path.stem!r}")
    folder = path.absolute().parent.name
    if folder in STAGE_NAMES and folder != rule.stage:
        raise RuleError(f"{path}: stage: found {rule.stage!r}; it must be the folder's, {folder!r}")
    return rule


def _united(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """All rules but those that others replace."""
    replaced = _replaced(rules)
    found: dict[str, Rule] = {}
    for rule in rules:
        if replaced.get(rule.id, rule) is not rule:
            continue
        if rule.id in found:
            raise RuleError(
                f"{rule.source}: id: {rule.id!r} is already used by {found[rule.id].source}; "
                f"`replaces: {rule.id}` takes its place"
            )
        found[rule.id] = rule
    return tuple(found.values())


def _replaced(rules: Sequence[Rule]) -> dict[str, Rule]:
    """Id -> the rule that takes the place of the one with this id."""
    ids = {rule.id for rule in rules}
    replaced: dict[str, Rule] = {}
    for rule in rules:
        old = rule.replaces
        if old is None:
            continue
        if not any(other.id == old for other in rules if other is not rule):
            near = did_you_mean(old, ids - {rule.id})
            raise RuleError(f"{rule.source}: replaces: there is no rule {old!r}{near}")
        if old in replaced:
            other = replaced[old].source
            raise RuleError(f"{rule.source}: replaces: {old!r} is already replaced by {other}")
        replaced[old] = rule
    return replaced
