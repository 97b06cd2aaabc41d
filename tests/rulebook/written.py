"""A rule as it may be written, with changes."""

from __future__ import annotations

from typing import Any

import yaml

from advisor.facts import FactDefinition
from advisor.rulebook import Rule, parse_rule

VOCABULARY = {
    "lr": FactDefinition("lr", "number", "", "", "optimizer.lr"),
    "suggested_lr": FactDefinition("suggested_lr", "number", "", ""),
    "optimizer": FactDefinition("optimizer", "text", "", "", "optimizer.kind"),
    "slow_learning": FactDefinition("slow_learning", "flag", "", ""),
}
TEXT = """\
id: lr-from-range-test
title: Take the learning rate from a range test
stage: learning_rate
maturity: stable
treats: slow_learning
rank: 10
probe: lr_range
when:
  - suggested_lr > 3 * lr
  - optimizer != 'sgd'
change:
  set: {optimizer.lr: suggested_lr / 2, schedule.kind: cosine, train.early_stopping: null}
price: 0.5
expect: Faster learning.
why: The test found a larger rate.
caution: None known.
references: ["Smith 2017"]
examples:
  fires: [{suggested_lr: 0.1, lr: 1e-3, optimizer: adam}]
  silent:
    - {suggested_lr: 0.1, lr: 0.1, optimizer: adam}
    - {suggested_lr: null, lr: 0.1, optimizer: sgd}
"""


def rule(**changes: Any) -> Rule:
    return parse_rule(text(**changes), VOCABULARY, "r.yaml")


def text(**changes: Any) -> str:
    raw = yaml.safe_load(TEXT.replace("1e-3", "0.001")) | changes
    return yaml.safe_dump({name: value for name, value in raw.items() if value is not ...})
