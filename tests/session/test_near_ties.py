from __future__ import annotations

from dataclasses import replace

from advisor.advice import Proposal
from advisor.evidence import Comparison, Decision
from advisor.requests import Decided
from advisor.session import Session
from advisor.session.near_ties import LEAST_TOGETHER, TOGETHER, near_ties
from advisor.session.walk import RULE as WALK
from advisor.stages import STAGES
from advisor.state import State
from tests import simulation
from tests.session.steering import to_the_end

GOOD = {"optimizer.lr": 1e-3, "model.activation": "relu", "train.batch_size": 64}
RULE = replace(TOGETHER, id="a-rule", stage="loss")


def _near_tie(gain: float, change: dict[str, object], verdict: str = "undecided") -> Decided:
    rule = replace(RULE, id="-".join(change))
    proposal = Proposal(rule, change, {}, (9, False, 5, rule.id))
    decision = Decision(verdict, "", Comparison(gain, 0.01, 1, 100))  # type: ignore[arg-type]
    return Decided(STAGES[-1], proposal, 5, decision, 0.9, 0.89, ())


def _after(*decisions: Decided) -> State:
    session = Session(simulation.recipe(**GOOD, **{"tune.budget": "5t"}), ())
    to_the_end(session)
    session.state.decisions[:] = decisions
    return session.state


def test_near_ties_are_put_together_the_surest_first() -> None:
    state = _after(
        _near_tie(0.004, {"optimizer.lr": 0.01}),
        _near_tie(0.008, {"optimizer.lr": 0.02, "schedule.kind": "one_cycle"}),
        _near_tie(0.002, {"train.batch_size": 32}),
        _near_tie(-0.001, {"regularization.dropout": 0.3}),
        _near_tie(0.02, {"regularization.l2": 0.1}, "accepted"),
    )
    expected = {"optimizer.lr": 0.02, "schedule.kind": "one_cycle", "train.batch_size": 32}
    assert near_ties(state, ()) == expected
    digest = state.best.recipe.changed(expected).digest()
    assert near_ties(state, {digest}) == {}


def test_one_near_tie_is_none_to_put_together() -> None:
    state = _after(
        _near_tie(0.004, {"optimizer.lr": 0.01}),
        _near_tie(0.003, {"optimizer.lr": 0.02}),
        _near_tie(0.003, {"model.no_such_field": 1}),
        _near_tie(0.005, {"train.epochs": 20}),  # makes all that follows dearer
    )
    assert near_ties(state, ()) == {}


def test_what_was_only_looked_for_is_none() -> None:
    looked = [replace(WALK, id=rule) for rule in ("walk", "search", TOGETHER.id)]
    changes = [{"optimizer.lr": 0.01}, {"train.batch_size": 32}, {"regularization.dropout": 0.1}]
    made = [_near_tie(0.01, {**change}) for change in changes]
    found = [
        replace(each, proposal=replace(each.proposal, rule=rule))
        for each, rule in zip(made, looked, strict=True)
    ]
    assert len(near_ties(_after(*made), ())) >= LEAST_TOGETHER
    assert near_ties(_after(*found), ()) == {}
