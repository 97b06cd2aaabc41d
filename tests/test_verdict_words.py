from __future__ import annotations

import pytest

from advisor.verdict_words import PASSED, SIGNS, verdict_word


@pytest.mark.parametrize(
    ("verdict", "rule", "gain", "word"),
    [
        ("rejected", "climb", 0.5, PASSED),
        ("rejected", "walk", 0.01, PASSED),
        ("rejected", "walk", -0.01, "rejected"),
        ("rejected", "climb", None, "rejected"),
        ("rejected", "dropout", 0.01, "rejected"),
        ("undecided", "walk", 0.01, "undecided"),
        ("accepted", "climb", 0.5, "accepted"),
    ],
)
def test_a_better_step_on_the_way_was_passed_and_not_rejected(
    verdict: str, rule: str, gain: float | None, word: str
) -> None:
    assert verdict_word(verdict, rule, gain) == word
    assert word in SIGNS
