"""The journal's lines as a session."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.tui.model import Journal, SessionView
from tests.tui import fed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
EVENTS = [line["event"] for line in [*fed.began(), fed.asked(), *fed.tried(), *fed.decided()]]
FIELDS = sorted({key for line in [*fed.began(), fed.asked(), *fed.decided()] for key in line})


def status(view: SessionView) -> dict[str, str]:
    return {stage.name: stage.status for stage in view.stages}


def test_nothing_is_known_before_the_first_line() -> None:
    view = Journal().view()
    assert not view.known
    assert view.incumbent is None
    assert view.question is None


def test_what_a_session_begins_with() -> None:
    view = fed.view([fed.BEGUN])
    assert (view.name, view.metric, view.backend, view.seed) == ("digits", "accuracy", "torch", 0)
    assert [stage.name for stage in view.stages] == [name for name, _ in fed.STAGES]
    assert set(status(view).values()) == {"waiting"}


def test_stages_are_entered_skipped_and_left() -> None:
    view = fed.view(fed.began())
    known = status(view)
    assert (known["data"], known["architecture"], known["learning_rate"]) == (
        "done", "skipped", "now",
    )  # fmt: skip
    skipped = next(stage for stage in view.stages if stage.name == "architecture")
    assert skipped.outcome == "the recipe locks it"
    assert view.stage == "learning_rate"


def test_a_result_ends_a_training() -> None:
    before, after = fed.view(fed.began()[:3]), fed.view(fed.began())
    assert before.running == (1,)
    assert before.trials[0].running
    trial = after.trials[0]
    assert (trial.status, trial.value, trial.train_loss) == ("finished", 0.11, 2.28)
    assert after.running == ()
    assert after.findings_of == 1
    assert [one.outcome for one in after.findings] == [
        "fired", "fired", "clear", "not enough data",
    ]  # fmt: skip


def test_probes_are_kept_apart_from_trainings() -> None:
    view = fed.view(fed.began()[:-1])
    assert view.running == (2,)
    assert view.probes[0].running
    assert fed.view(fed.began()).probes[0].facts == {"lr_steepest": 0.003}


def test_a_proposal_is_open_until_it_is_answered() -> None:
    question = fed.view(fed.began(), [fed.asked()]).question
    assert question is not None
    assert question.number == 10
    assert question.proposals[0].change == {"optimizer.lr": (1e-05, 0.003)}
    assert [one.rule for one in question.proposals] == ["range-test", "lr-times-10"]
    assert fed.view(fed.began(), [fed.asked()], fed.tried()[:1]).question is None


def test_a_proposal_of_auto_alone_is_read_as_well() -> None:
    line = fed.asked() | {"proposals": None}
    question = fed.view([fed.BEGUN, line]).question
    assert question is not None
    assert question.proposals[0].rule == "range-test"


def test_a_candidate_knows_whose_proposal_it_tries() -> None:
    view = fed.view(fed.began(), [fed.asked()], fed.tried())
    assert view.trials[-1].rule == "range-test"


def test_an_edited_candidate_does_too() -> None:
    choice, trial = fed.tried()
    edited = {"optimizer.lr": 0.001}
    view = fed.view(
        fed.began(), [fed.asked(), choice | {"change": edited}, trial | {"changes": edited}]
    )
    assert view.trials[-1].rule == "range-test"


def test_a_decision_is_counted_and_reopens() -> None:
    view = fed.view(fed.began(), [fed.asked()], fed.tried(), fed.decided())
    stages = {stage.name: stage for stage in view.stages}
    assert stages["learning_rate"].accepted == 1
    assert (stages["data"].status, stages["data"].reopened_by) == ("reopened", "range-test")
    assert view.trials[-1].verdict == "accepted"
    assert view.incumbent is not None
    assert (view.incumbent.trial, view.incumbent.value) == (3, 0.93)
    assert view.budget.text == "16.5 of 60 epochs"


def _decision(trial: int, verdict: str = "undecided", leads: bool = False) -> list[dict[str, Any]]:
    made = {"event": "decision", "stage": "learning_rate", "rule": "cosine", "trial": trial}
    return [made | {"verdict": verdict, "value": 0.2, "incumbent": 0.11, "leads": leads}]


def test_what_leads_does_so_until_it_is_settled_or_another_is_kept() -> None:
    leads = _decision(4, leads=True)
    began = fed.began()
    for later, trial in (
        ([], 4),
        (_decision(5), 4),
        (_decision(5, leads=True), 5),
        (_decision(4), None),  # with more seeds
        (fed.decided(), None),
    ):
        found = fed.view(began, leads, later).leader
        assert (found.trial if found else None) == trial
    assert fed.view(began, _decision(4)).leader is None


def test_a_stage_that_is_entered_again_is_visited_twice() -> None:
    again = {"event": "stage_entered", "stage": "data", "reopened": True}
    stage = fed.view(fed.began(), [again]).stages[0]
    assert (stage.visits, stage.status, stage.outcome) == (2, "now", "")


def test_locks_mode_looks_and_errors() -> None:
    look = {"event": "looked", "rule": "range-test", "trial": 4, "epochs": 3.0, "value": 0.4,
            "incumbent": 0.1, "change": {"optimizer.lr": 0.003}}  # fmt: skip
    view = fed.view(
        fed.began(),
        [
            {"event": "locked", "fields": ["optimizer.lr"], "on": True, "all": ["optimizer.lr"]},
            {"event": "mode", "autopilot": True},
            look,
            {"event": "error", "kind": "worker", "message": "it died", "detail": "Killed"},
            {"event": "ended", "why": "error"},
        ],
    )
    assert view.locked == ("optimizer.lr",)
    assert view.autopilot
    assert view.looks[0].change == {"optimizer.lr": 0.003}
    assert view.fault is not None
    assert (view.fault.kind, view.fault.message, view.ended) == ("worker", "it died", "error")


def test_the_summary_ends_the_questions() -> None:
    view = fed.view(
        fed.began(), [fed.asked()], [fed.SUMMARY], [{"event": "ended", "why": "finished"}]
    )
    assert view.question is None
    assert view.summary["best"]["value"] == 0.93
    assert view.ended == "finished"


def test_a_snapshot_does_not_grow_with_what_comes_later() -> None:
    journal = Journal()
    for line in fed.began():
        journal.feed(line)
    early = journal.view()
    for line in [fed.asked(), *fed.tried(), *fed.decided()]:
        journal.feed(line)
    assert len(early.trials) == 1
    assert len(early.incumbents) == 1
    assert len(journal.view().trials) == 2


def test_a_view_shares_the_history() -> None:
    journal = Journal()
    for line in fed.began():
        journal.feed(line)
    one, other = journal.view(), journal.view()
    assert one.trials.entries is other.trials.entries
    assert one.log.entries is other.log.entries


def test_a_view_costs_the_same_however_long_the_history_is() -> None:
    journal = Journal()
    journal.feed(fed.BEGUN)
    trial, result = fed.began()[2:4]
    for number in range(5_000):
        journal.feed(trial | {"trial": number})
        journal.feed(result | {"trial": number, "symptoms": []})
    view = journal.view()
    assert len(view.trials) == 5_000
    assert view.trials.entries is journal.view().trials.entries
    assert view.running == ()


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(FIELDS), JSON)),
        max_size=8,
    )
)
def test_lines_that_are_not_as_expected_break_nothing(
    lines: list[tuple[str, Mapping[str, Any]]],
) -> None:
    journal = Journal()
    for line in fed.began():
        journal.feed(line)
    for event, fields in lines:
        journal.feed({**fields, "event": event})
    view = journal.view()
    assert view.revision == len(fed.began()) + len(lines)
    assert math.isfinite(view.budget.share)


@pytest.mark.parametrize("line", [{}, {"event": None}, {"event": "unheard_of", "n": 3}])
def test_unknown_events_change_nothing(line: Mapping[str, Any]) -> None:
    journal = Journal()
    journal.feed(fed.BEGUN)
    before = journal.view()
    journal.feed(line)
    after = journal.view()
    assert after.revision == before.revision + 1
    assert after.stages == before.stages


def test_text_from_outside_is_made_harmless_in_the_log() -> None:
    view = fed.view([fed.BEGUN, {"event": "remark", "text": "a\x1b[2Jb"}])
    assert view.log[-1].text == "a\\x1b[2Jb"


def test_what_a_person_did_beside_trainings_is_kept() -> None:
    refused = {"event": "choice", "ask": 10, "action": "refuse", "index": 1, "by": "person"}
    locked = {"event": "locked", "fields": ["optimizer.lr"], "on": True, "all": ["optimizer.lr"]}
    unlocked = locked | {"on": False, "all": [], "reopens": ["learning_rate"]}
    returned = {"event": "returned", "trial": 1, "from": 4, "reopens": ["optimizer"]}
    view = fed.view(fed.began(), [fed.asked(), refused, locked], fed.tried(), [unlocked, returned])
    assert [act.kind for act in view.acts] == ["refused", "locked", "unlocked", "returned"]
    first, second, third, last = view.acts
    assert (first.rule, first.after) == ("lr-times-10", view.probes[-1].number)
    assert first.change["optimizer.lr"][1] == 0.0001
    assert (second.fields, second.stage) == (("optimizer.lr",), "learning_rate")
    assert third.reopens == ("learning_rate",)
    assert third.after > second.after
    assert (last.trial, last.left, last.reopens) == (1, 4, ("optimizer",))
    assert [act.place for act in view.acts] == [0, 1, 2, 3]
