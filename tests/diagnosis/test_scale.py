"""Findings say places in the log's own numbers, and counts in its entries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from advisor.diagnosis.scale import STEPS, Scale
from advisor.symptoms import Finding


def finding(reads: str, **evidence: float) -> Finding:
    return Finding("divergence", "fired", "block", evidence, "last 20 steps", "", reads)


def test_a_log_of_every_step_is_told_as_it_is() -> None:
    seen = finding("after 264 steps it was lost at step 12", step=12)
    assert STEPS.told(seen) == seen


def test_places_and_counts_of_a_sparse_log() -> None:
    scale = Scale("entry", 50.0, tuple(range(50, 1050, 50)), "step")
    told = scale.told(finding("after 20 steps it was lost at step 3, of 1 step", step=3, steps=20))
    assert told.reads == "after 20 entries it was lost at step 150, of 1 entry"
    assert told.window == "last 20 entries"
    assert told.evidence == {"step": 150, "entries": 20}


def test_entries_that_were_repeated_count_once() -> None:
    scale = Scale("epoch", None, tuple(range(10)), "epoch").held(20)
    told = scale.told(finding("after 200 steps, at step 41", step=41))
    assert told.reads == "after 10 epochs, at epoch 2"
    assert told.evidence == {"step": 2}


def test_steps_that_count_from_zero_keep_their_numbers() -> None:
    scale = Scale("step", 1.0, tuple(range(10)), "step")
    assert scale.told(finding("at step 3 of 10 steps")).reads == "at step 2 of 10 steps"


@given(st.text(max_size=60), st.integers(1, 5), st.integers(1, 30))
def test_any_text_can_be_told(text: str, hold: int, entries: int) -> None:
    scale = Scale("entry", 7.0, tuple(range(7, 7 * entries + 7, 7)), "step").held(hold)
    assert isinstance(scale.words(text), str)
    assert scale.label(10**9) == 7 * entries
    assert scale.label(0) == 7
