"""A steered session, as it is told in lines."""

from __future__ import annotations

import io

from rich.console import Console

from advisor.cli.narrate import Narrator
from advisor.requests import Choice, Choose
from advisor.session import Session
from advisor.state import Attempt
from tests import simulation
from tests.session.steering import sick, sound, to_question

RATE = "optimizer.lr"


def told(session: Session, *choices: Choice) -> str:
    """What is said from the first question on, to the end of the session."""
    written = io.StringIO()
    narrator, left = Narrator(Console(file=written, width=200)), list(choices)
    while (request := session.request) is not None:
        narrator.asked(request, session.state)
        person = isinstance(request, Choose) and left
        answer = left.pop(0) if person else simulation.answer(request)
        session.tell(answer)
        narrator.answered(request, answer, session.state)
    return written.getvalue()


def test_every_choice_of_a_person_is_told() -> None:
    session = sick()
    to_question(session)
    text = told(
        session,
        Choice("look", 0),
        Choice("lock", fields=("train.batch_size",)),
        Choice("refuse", 1),
        Choice("try", 0, {RATE: 3e-3}),
        Choice("own", change={"model.hidden": [24]}),
        Choice("back", trial=2),
    )
    look = session.state.looks[0].trial
    assert f"trial {look}, look, for 2 epochs of 5" in text
    assert "looked at for 2 epochs" in text
    assert "locked: train.batch_size (locked now: train.batch_size)" in text
    assert "refused: " in text
    assert "edited: " in text
    assert "optimizer.lr 1e-05 -> 0.003" in text
    assert "a change of your own: model.hidden" in text
    assert "back to trial 2, away from trial" in text


def test_the_autopilot_says_nothing_of_its_choices() -> None:
    session = sick()
    to_question(session)
    text = told(session)
    for words in ("chosen: ", "edited: ", "refused: ", "a change of your own"):
        assert words not in text


def test_what_a_change_is_built_on_is_told_apart_from_it() -> None:
    session = sound("60t", **{RATE: 1.6e-3})
    to_question(session)
    lines = told(session).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("    built on  trial "))
    assert lines[place - 1].startswith("    change    ")
    below = lines[place].partition(": ")[2].split(", ")
    assert not any(part.split()[0] in lines[place - 1].split() for part in below)


def test_every_verdict_names_its_trial_and_every_repeat_what_it_repeats() -> None:
    session = sound("40t")
    text = told(session)
    decisions = session.state.decisions
    assert decisions
    for decided in decisions:
        assert f"trial {decided.trial}: " in text
    repeats = [one for one in session.state.attempts if one.trial.purpose == "repeat"]
    for repeat in repeats:
        assert f"with seed {repeat.recipe.train.seed}" in text
    assert not repeats or "repeat of trial " in text


def test_every_training_of_a_round_is_introduced_with_what_it_changes() -> None:
    session = sound("40t")
    text = told(session)
    candidates = [one.trial.number for one in session.state.attempts if _is_candidate(one)]
    introduced = [n for n in candidates if f"  trial {n}, candidate" in text]
    assert introduced == candidates
    in_rounds = [line for line in text.splitlines() if ", candidate: " in line]
    assert in_rounds
    assert all("->" in line for line in in_rounds)


def _is_candidate(attempt: Attempt) -> bool:
    return attempt.trial.purpose == "candidate"
