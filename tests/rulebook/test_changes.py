"""What trials are judged by is not a rule's to change."""

from __future__ import annotations

import pytest

from advisor.facts import VOCABULARY
from advisor.rulebook import NOT_FOR_RULES, RuleError, installed, parse_rule

RULE = """id: mine
title: Mine
stage: finish
when: [epochs >= 1]
change:
  set:
    optimizer.lr: lr / 2
    {path}: {value}
expect: More.
why: Because.
examples: {{fires: [{{epochs: 1}}], silent: [{{epochs: 0}}]}}
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("train.seed", "3"),
        ("task", "binary"),
        ("metric", "f1"),
        ("tune.budget", "99t"),
        ("tune.locked", "[]"),
        ("data.validation", "0.5"),
        ("data.test", "0.01"),
        ("data.split", "random"),
        ("data.split_seed", "7"),
        ("data.group", "null"),
        ("data.source", "'sklearn:iris'"),
    ],
)
def test_a_rule_that_changes_the_measure_is_refused_with_its_line(path: str, value: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(RULE.format(path=path, value=value), VOCABULARY, "mine.yaml")
    told = f"mine.yaml:8: change.set.{path}: no rule may change this"
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(("path", "value"), [("data.normalization", "none"), ("train.epochs", "3")])
def test_its_neighbours_may_be_changed(path: str, value: str) -> None:
    assert parse_rule(RULE.format(path=path, value=value), VOCABULARY).change[path]


def test_no_rule_of_ours_does() -> None:
    changed = {path for rule in installed(VOCABULARY) for path in rule.change}
    assert not changed & set(NOT_FOR_RULES)
