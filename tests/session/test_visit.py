from __future__ import annotations

from dataclasses import replace

from advisor.requests import StageEntered, StageLeft
from advisor.rulebook import Rule
from advisor.session import Session
from advisor.session.rescue import RULE as RESCUE
from tests import simulation

DROPOUT, L2, LR = "regularization.dropout", "regularization.l2", "optimizer.lr"
CHANCE = 1 / simulation.CLASSES


def rule(path: str, value: object, rank: int, stage: str = "sanity") -> Rule:
    name = f"set-{path.split('.')[-1].replace('_', '-')}"
    return replace(RESCUE, id=name, stage=stage, change={path: value}, rank=rank)


def odd(path: str, value: object, rank: int) -> Rule:
    """Of those that take back what nobody uses."""
    return replace(rule(path, value, rank), treats="suspicious_values", criterion="no worse")


def told(session: Session, learns: frozenset[str], level: float = 0.9) -> list[str]:
    """Rules in the order in which they were tried; trainings learn where all these were moved."""
    start, left = session.state.start.flat(), list[str]()
    while session.request is not None:
        request = session.request
        if isinstance(request, StageLeft):
            left.append(request.stage.name)
            if left[0] == "sanity":
                break
        recipe = getattr(request, "recipe", None)
        moved = {p for p, v in recipe.flat().items() if v != start.get(p)} if recipe else set()
        session.tell(simulation.answer(request, level if learns <= moved else CHANCE))
    return [one.proposal.rule.id for one in session.state.decisions]


def test_while_it_does_not_train_all_rules_have_their_turn() -> None:
    rules = (rule(DROPOUT, 0.1, 1), rule(L2, 1e-4, 2), rule(LR, 1e-3, 3))
    session = Session(simulation.recipe(**{"tune.budget": "40t"}), rules)
    tried = told(session, frozenset({LR}))
    assert tried == ["set-dropout", "set-l2", "set-lr"]
    assert not session.state.best.blocking


def test_once_it_trains_two_failures_are_enough() -> None:
    rules = tuple(rule(path, 0.1, n, "loss") for n, path in enumerate((DROPOUT, L2, LR)))
    good = {LR: 1e-3, "model.activation": "relu", "tune.budget": "40t", "tune.stages": ("loss",)}
    session = Session(simulation.recipe(**good), rules)
    while session.request is not None:
        recipe = getattr(session.request, "recipe", None)
        same = recipe is not None and recipe.digest() == session.state.start.digest()
        session.tell(simulation.answer(session.request, 0.8 if same else 0.5))
    assert [one.proposal.rule.id for one in session.state.decisions] == ["set-dropout", "set-l2"]


def test_two_faults_of_which_neither_shows_by_itself_are_both_mended() -> None:
    """One goes back though nothing is learned; then the other is tried again."""
    rules = (replace(odd(L2, 1e-4, 1), criterion="better"), odd(DROPOUT, 0.1, 2))
    start = {"tune.budget": "40t", "train.seed": 1, DROPOUT: 0.9, L2: 0.5}
    session = Session(simulation.recipe(**start), rules)
    tried = told(session, frozenset({L2, DROPOUT}))
    assert tried == ["set-l2", "set-dropout", "set-l2"]
    verdicts = [one.decision.verdict for one in session.state.decisions]
    assert verdicts[1:] == ["accepted", "accepted"]
    assert "back to what is usual" in session.state.decisions[1].decision.reason
    assert not session.state.best.blocking


def test_an_odd_setting_that_does_better_stays() -> None:
    rules = (odd(DROPOUT, 0.1, 1),)
    session = Session(simulation.recipe(**{"tune.budget": "9t", DROPOUT: 0.9}), rules)
    while session.request is not None:
        recipe = getattr(session.request, "recipe", None)
        kept = recipe is not None and recipe.regularization.dropout == 0.9
        session.tell(simulation.answer(session.request, 0.24 if kept else 0.05))
        if session.state.decisions:
            break
    assert session.state.decisions[0].decision.verdict == "rejected"


def test_a_stage_whose_gate_was_shut_is_put_back_by_what_concerns_it() -> None:
    """Regularisation was passed over, since nothing overfitted; a wider model may."""
    session = Session(simulation.recipe(**{"optimizer.lr": 3e-3, "model.activation": "relu"}), ())
    while not (
        isinstance(session.request, StageEntered) and session.request.stage.name == "finish"
    ):
        session.tell(simulation.answer(session.request))  # type: ignore[arg-type]
    assert not session.state.visits.get("regularization")
    finish = session.request.stage
    reopens = session._visits.trials.reopen(finish, ["model.hidden"])
    assert "regularization" in reopens
    assert [stage.name for stage in session.state.waiting] == list(reopens)
