"""Every installed rule, ours or another package's, keeps its own promises."""

from __future__ import annotations

import pytest

from advisor.facts import VOCABULARY
from advisor.rulebook import Rule, installed
from advisor.rulebook_testing import check_change, check_each_line_matters, check_examples

RULES = installed(VOCABULARY)
every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


def test_there_are_rules() -> None:
    assert RULES


@every_rule
def test_examples_behave_as_labelled(rule: Rule) -> None:
    assert check_examples(rule) == []


@every_rule
def test_each_line_matters(rule: Rule) -> None:
    assert check_each_line_matters(rule) == []


@every_rule
def test_the_change_gives_another_valid_recipe(rule: Rule) -> None:
    assert check_change(rule) == []


@every_rule
def test_the_rule_names_its_sources(rule: Rule) -> None:
    assert rule.references
