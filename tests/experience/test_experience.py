from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import Decision
from advisor.experience import Counts, Experience, TrackRecord, outcomes, rule_version
from advisor.rulebook import Rule
from tests.experience.making import decided, rule

names = st.text("abcd-", min_size=1, max_size=8)
counts = st.builds(Counts, *[st.integers(0, 99)] * 3)


# Versions


@pytest.mark.parametrize(
    "other",
    [
        rule("b"),
        rule(stage="finish"),
        rule(treats="slow_learning"),
        rule(when=["slow_learning", "lr < 1"]),
        rule(set_={"optimizer.lr": "lr * 4"}),
        rule(set_={"optimizer.lr": 0.1}),
        rule(set_={"optimizer.lr": "lr * 3", "schedule.kind": "cosine"}),
        rule(probe="lr_range"),
        rule(price=0.5),
        rule(criterion="no worse"),
    ],
)
def test_a_rule_that_does_something_else_is_another_one(other: Rule) -> None:
    assert rule_version(other) != rule_version(rule())


@pytest.mark.parametrize(
    "same",
    [
        rule(title="Another", why="Other words.", caution="Mind.", references=["Somebody 2020"]),
        rule(rank=3, maturity="stable"),
    ],
)
def test_a_rule_that_does_the_same_in_other_words_is_the_same(same: Rule) -> None:
    assert rule_version(same) == rule_version(rule())


def test_a_version_is_the_same_in_every_process() -> None:
    listed = rule("c", {"model.hidden": [8, 8]})
    assert rule_version(listed) == ("c", "769112b5829cd436")


def test_counts_of_another_version_mean_nothing() -> None:
    now, then = rule(), rule(when=["lr < 1"])
    known = {rule_version(then): Counts(5), rule_version(rule("b")): Counts(0, 1)}
    found = Experience.of([now, rule("b")], known)
    assert found.track_record(now) == TrackRecord()
    assert found.track_record(rule("b")) == TrackRecord(Counts(0, 1))


# From decisions


def test_decisions_are_counted_by_rule_and_verdict() -> None:
    a, b, search = rule("a"), rule("b"), replace(rule("search"), when=())
    found = outcomes(
        [
            decided(search, "accepted"),
            decided(a, "accepted"),
            decided(b, "rejected"),
            decided(a, "undecided"),
            decided(a, "accepted"),
        ]
    )
    assert found == {rule_version(a): Counts(2, 0, 1), rule_version(b): Counts(0, 1, 0)}


def test_what_led_counts_as_what_was_kept_of_it() -> None:
    a, b = rule("a"), rule("b", {"optimizer.beta1": 0.8})
    led = replace(decided(a, "undecided"), leads=True)
    both = decided(b, "accepted", "optimizer.lr", "optimizer.beta1")
    assert outcomes([led, both])[rule_version(a)] == Counts(1)
    assert outcomes([led, replace(both, decision=Decision("rejected", "so"))])[
        rule_version(a)
    ] == Counts(0, 0, 1)
    other = decided(b, "accepted", "optimizer.beta1")
    assert outcomes([led, other])[rule_version(a)] == Counts(0, 0, 1)
    assert outcomes([replace(led, leads=False), both])[rule_version(a)] == Counts(0, 0, 1)


def test_what_was_decided_again_with_more_seeds_counts_once() -> None:
    led = replace(decided(rule("a"), "undecided"), leads=True)
    settled = replace(led, decision=Decision("rejected", "so"), leads=False)
    assert outcomes([led, settled]) == {rule_version(rule("a")): Counts(0, 1)}


def test_what_leads_is_not_refused() -> None:
    a, other = rule("a"), rule("other", {"optimizer.lr": 0.1})
    led = replace(decided(a, "undecided"), leads=True)
    assert refused(led, of=a) == 0
    assert refused(decided(other, "rejected"), led, of=other) == 0  # its field has moved


def test_what_a_person_edited_or_made_up_is_not_counted() -> None:
    a, no = rule("a"), decided(rule("a"), "rejected")
    edited = replace(no, proposal=replace(no.proposal, origin="edited"))
    assert outcomes([edited]) == {}
    assert refused(edited, of=a) == 0
    kept = decided(rule("other", {"optimizer.lr": 0.1}), "accepted")
    own = replace(kept, proposal=replace(kept.proposal, origin="own"))
    assert refused(no, own, of=a) == 0, "what it is coupled to has moved, whoever moved it"


@given(st.dictionaries(names, counts))
def test_what_was_known_survives_a_ledger(known: dict[str, Counts]) -> None:
    experience = Experience(known)
    assert Experience.from_json(json.loads(json.dumps(experience.as_json()))) == experience


# In a session


def refused(*decisions: object, of: Rule) -> int:
    return Experience().after(decisions).track_record(of).refused  # type: ignore[arg-type]


def test_what_was_not_accepted_counts_as_refused() -> None:
    a, b = rule("a"), rule("b", {"optimizer.beta1": 0.8})
    known = Experience({"a": Counts(4)})
    after = known.after([decided(a, "rejected"), decided(a, "undecided"), decided(b, "rejected")])
    assert after.track_record(a) == TrackRecord(Counts(4), 2)
    assert after.track_record(b) == TrackRecord(Counts(), 1)
    assert known.track_record(a) == TrackRecord(Counts(4))


def test_a_refusal_lapses_when_what_it_is_coupled_to_has_moved() -> None:
    a, no = rule("a"), decided(rule("a"), "rejected")
    size = rule("size", {"train.batch_size": 64}, stage="batch_size")
    smooth = rule("smooth", {"regularization.label_smoothing": 0.1}, stage="regularization")
    other = rule("other", {"optimizer.lr": 0.1})
    assert refused(no, decided(size, "accepted"), of=a) == 0  # it reopens the rate's stage
    assert refused(no, decided(other, "accepted"), of=a) == 0  # it moves the rate itself
    assert refused(no, decided(a, "accepted"), of=a) == 0
    assert refused(no, decided(smooth, "accepted"), of=a) == 1
    assert refused(no, decided(size, "rejected"), of=a) == 1
    assert refused(no, decided(size, "accepted"), no, of=a) == 1


def test_what_moved_is_what_the_proposal_changed() -> None:
    """A rule names more fields than a proposal of it moves."""
    a, no = rule("a"), decided(rule("a"), "rejected")
    both = rule("both", {"optimizer.lr": 0.1, "optimizer.beta1": 0.8})
    assert refused(no, decided(both, "accepted", "optimizer.beta1"), of=a) == 1
    assert refused(no, decided(both, "accepted", "optimizer.lr"), of=a) == 0
