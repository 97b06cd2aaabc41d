from __future__ import annotations

import pytest

from advisor.advice import Proposal
from advisor.choice_words import chosen_words, locked_words, looked_words, returned_words
from advisor.requests import Choice, Choose, Locked, Looked, Returned
from advisor.session.choices import own
from advisor.stages import STAGES, Stage
from tests.experience.making import rule

STAGE: Stage = STAGES[0]
BEFORE = {"optimizer.lr": 0.1}


def proposal(name: str) -> Proposal:
    made = rule(name, title=f"Rule {name}")
    return Proposal(made, {"optimizer.lr": 0.3}, {}, (9, False, made.rank, made.id))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("try"), ""),
        (Choice("leave"), ""),
        (Choice("look", 1), ""),
        (Choice("try", 1), "chosen: Rule b"),
        (Choice("refuse", 1), "refused: Rule b"),
        (Choice("try", 0, {"optimizer.lr": 0.2}), "edited: Rule a: optimizer.lr 0.1 -> 0.2"),
        (Choice("own", change={"optimizer.lr": 9}), "a change of your own: optimizer.lr 0.1 -> 9"),
    ],
)
def test_a_choice_is_told_where_no_note_tells_it(choice: Choice, said: str) -> None:
    request = Choose(STAGE, (proposal("a"), proposal("b")))
    assert chosen_words(choice, request, BEFORE) == said


def test_a_look_is_told_beside_the_best_so_far() -> None:
    made = own(STAGE, {"optimizer.lr": 0.3})
    assert looked_words(Looked(STAGE, made, 3, 2.0, 0.81, 0.84)) == (
        "looked at for 2 epochs: 0.81, where the best so far had 0.84"
    )
    assert "no value for then" in looked_words(Looked(STAGE, made, 3, 2.0, 0.81, None))
    assert "no finite result" in looked_words(Looked(STAGE, made, 3, 0.0, None, None))


def test_what_is_locked_and_gone_back_to_is_told() -> None:
    assert returned_words(Returned(STAGE, 1, 4, ())) == "back to trial 1, away from trial 4"
    assert returned_words(Returned(STAGE, 1, 4, ("loss",))).endswith("; reopens loss")
    assert locked_words(Locked(("a", "b"), True, ("a", "b"))) == "locked: a, b (locked now: a, b)"
    assert locked_words(Locked(("a",), False, ())) == "unlocked: a (locked now: nothing)"
