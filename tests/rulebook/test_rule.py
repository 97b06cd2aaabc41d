from __future__ import annotations

import pytest

from tests.rulebook.written import rule


@pytest.mark.parametrize(
    ("maturity", "active"),
    [("sandbox", False), ("incubating", True), ("stable", True), ("deprecated", False)],
)
def test_only_incubating_and_stable_rules_are_active(maturity: str, active: bool) -> None:
    assert rule(maturity=maturity).active is active


def test_a_judgement_shows_every_line() -> None:
    found = rule()
    judged = found.judge({"suggested_lr": 1.0, "lr": 0.1, "optimizer": "adam"})
    assert (judged.fires, judged.lines) == (True, (True, True))
    judged = found.judge({"lr": 0.1, "optimizer": "adam"})
    assert (judged.fires, judged.lines) == (None, (None, True))
    judged = found.judge({"lr": 0.1, "optimizer": "sgd"})
    assert (judged.fires, judged.lines) == (False, (None, False))


def test_values_need_their_facts() -> None:
    set_ = {"optimizer.lr": 0.1, "train.early_stopping": None}
    assert rule(change={"set": set_}).values({}) == set_
    assert rule().values({"suggested_lr": None}) is None
    assert rule().values({"suggested_lr": 0.5}) == {
        "optimizer.lr": 0.25,
        "schedule.kind": "cosine",
        "train.early_stopping": None,
    }
