"""The finals on fresh seeds, the ensemble, and the one opening of the test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.estimates import fresh_estimate
from advisor.evidence import Predictions
from advisor.facts import VOCABULARY
from advisor.finals_summary import ensemble, finalists
from advisor.metrics import combined, score
from advisor.recipe import Recipe
from advisor.requests import (
    Ensemble,
    Finals,
    OpenTest,
    Remark,
    Request,
    Result,
    Train,
    TrainAll,
)
from advisor.rulebook import installed
from advisor.session import Session, Settings
from advisor.session.finals import held, near_ties
from advisor.session.finish import FRESH_SEED, Finish
from advisor.session_symptoms import judged
from advisor.state import Attempt
from tests import simulation
from tests.session_symptoms.states import attempt, recipe, session

RULES = installed(VOCABULARY)
HEALTHY = {"optimizer.lr": 0.003, "model.activation": "relu"}


def healthy(**changes: object) -> Recipe:
    return simulation.recipe(**{**HEALTHY, **changes})


def asked_by(session: Session) -> list[Request]:
    asked: list[Request] = []
    while session.request is not None:
        asked.append(session.request)
        session.tell(simulation.answer(session.request))
    return asked


def trials(asked: list[Request]) -> list[Train]:
    each = [r.trials if isinstance(r, TrainAll) else (r,) for r in asked]
    return [one for many in each for one in many if isinstance(one, Train)]


def alike(monkeypatch: pytest.MonkeyPatch, start: Recipe, others_on_fresh: float) -> None:
    """Whatever is tried is as good as the start, but for what fresh seeds bring to light: there
    the start has 0.8."""

    def quality(what: Recipe) -> float:
        fresh = what.train.seed >= FRESH_SEED
        if not fresh:
            return 0.9
        same = what.changed({"train.seed": start.train.seed}) == start
        return 0.8 if same else others_on_fresh

    monkeypatch.setattr(simulation, "quality", quality)


# Near ties


def test_near_ties_are_within_one_deviation_by_their_means_the_best_first() -> None:
    """At 0.9 over 1000 examples a training deviates by about 0.008."""
    others = [
        attempt(2, 0.898, recipe(0.002)),
        attempt(3, 0.902, recipe(0.004)),
        attempt(4, 0.902, recipe(0.005)),
        attempt(5, 0.860, recipe(0.005, seed=1)),
        attempt(6, 0.870, recipe(0.006)),
    ]
    state = session([attempt(1, 0.9, recipe(0.003)), *others])
    assert [one.trial.number for one in near_ties(state)] == [3, 2]


def test_two_at_most_come_near() -> None:
    found = [attempt(2 + i, 0.9, recipe(0.004 + i / 1000)) for i in range(5)]
    assert len(near_ties(session([attempt(1, 0.9, recipe(0.003)), *found]))) == 2


@pytest.mark.parametrize(
    "unfit",
    [
        [attempt(2, 0.9, recipe(0.004), "stopped")],
        [attempt(2, 0.9, recipe(0.004), "diverged")],
        [attempt(2, None, recipe(0.004), "failed")],
        [attempt(2, 0.9, recipe(0.004), divergence="fired")],
        [attempt(2, 0.9, recipe(0.004)), attempt(3, None, recipe(0.004, seed=1), "failed")],
        [attempt(2, 0.9, recipe(0.003, seed=1))],
    ],
)
def test_what_does_not_train_or_is_the_incumbent_itself_is_no_near_tie(
    unfit: list[Attempt],
) -> None:
    assert near_ties(session([attempt(1, 0.9, recipe(0.003)), *unfit])) == []


def test_nothing_comes_near_an_incumbent_that_does_not_train() -> None:
    best = attempt(1, 0.2, recipe(0.003), not_better_than_chance="fired")
    assert near_ties(session([best, attempt(2, 0.2, recipe(0.004))])) == []


def test_smaller_errors_are_better() -> None:
    changes = {
        "task": "regression",
        "loss": {"kind": "mse"},
        "metric": "rmse",
        "data.source": "sklearn:diabetes",
    }
    values = {1: 50.0, 2: 49.0, 3: 80.0}
    made = [attempt(n, value, recipe(0.003 + n / 1000, **changes)) for n, value in values.items()]
    assert [one.trial.number for one in near_ties(session(made))] == [2]


# Finals


def test_a_challenger_that_is_better_on_fresh_seeds_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = healthy(**{"tune.budget": "400e"})
    alike(monkeypatch, start, 0.99)
    made = Session(start, RULES)
    asked = asked_by(made)
    state, finals = made.state, made.state.finals
    assert finals is not None
    assert finals in asked
    assert finals.winner != finals.finalists[0]
    assert state.incumbent is not None
    assert state.incumbent.trial.number == finals.winner.trial
    assert state.incumbent.trial.purpose == "candidate"
    assert state.confirmation is not None
    assert state.confirmation.trial.number == finals.winner.fresh[0]
    assert [one.recipe.train.seed for one in state.fresh] == [FRESH_SEED, FRESH_SEED + 1]
    told = finalists(finals, state)
    assert [one["winner"] for one in told].count(True) == 1
    assert told[0]["verdict"] is None


def test_an_incumbent_that_is_as_good_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    start = healthy(**{"tune.budget": "400e"})
    alike(monkeypatch, start, 0.6)
    made = Session(start, RULES)
    before = None
    while made.request is not None:
        if not isinstance(made.request, Finals | OpenTest):
            before = made.state.incumbent
        made.tell(simulation.answer(made.request))
    finals = made.state.finals
    assert finals is not None
    assert len(finals.finalists) > 1
    assert finals.winner == finals.finalists[0]
    assert before is not None
    assert made.state.best.trial.number == before.trial.number


def test_finalists_meet_on_the_same_seeds_the_incumbent_first() -> None:
    made = Session(healthy(**{"tune.budget": "400e"}), RULES)
    asked = asked_by(made)
    fresh = [one for one in trials(asked) if one.purpose == "confirmation"]
    finals = made.state.finals
    assert finals is not None
    rounds = {
        seed: [t.recipe for t in fresh if t.recipe.train.seed == seed]
        for seed in dict.fromkeys(t.recipe.train.seed for t in fresh)
    }
    assert list(rounds) == [FRESH_SEED, FRESH_SEED + 1][: len(rounds)]
    best = made.state.attempt(finals.finalists[0].trial).recipe
    for seed, recipes in rounds.items():
        assert recipes[0] == best.changed({"train.seed": seed})
        assert len(recipes) == len(finals.finalists)


def test_only_fresh_seeds_decide() -> None:
    """Whatever the trainings said that the recipes were chosen by."""
    sunny, dull = healthy(), healthy(**{"optimizer.lr": 0.004})
    worse = _shown(4, dull.changed({"train.seed": 1000}), 0.80)
    better = _shown(3, sunny.changed({"train.seed": 1000}), 0.95)
    for luck in (0.3, 0.99):
        state = session([_shown(1, sunny, 0.9), _shown(2, dull, luck)])
        found = held(state, state.attempts, [[worse], [better]])
        assert found.winner.trial == 2
        found = held(state, state.attempts, [[better], [worse]])
        assert found.winner.trial == 1


def test_a_challenger_that_fails_on_a_fresh_seed_does_not_take_over() -> None:
    state = session([_shown(1, healthy(), 0.9), _shown(2, recipe(0.004), 0.9)])
    weak, strong = (_shown(n, recipe(0.004, seed=1000), v) for n, v in ((3, 0.5), (4, 0.99)))
    lost = replace(strong, result=Result([], None, 0.1, "no"))
    assert held(state, state.attempts, [[weak], [lost]]).winner.trial == 1
    sick = replace(strong, findings=attempt(9, 0.9, recipe(0.004), divergence="fired").findings)
    found = held(state, state.attempts, [[weak], [sick]])
    assert found.winner.trial == 1
    decision = found.finalists[1].decision
    assert decision is not None
    assert "does not train" in decision.reason


def _shown(number: int, what: Recipe, share: float) -> Attempt:
    """An attempt that gets this share of a thousand examples right."""
    made = attempt(number, share, what)
    targets = np.arange(1000) % 5
    right = np.arange(1000) < round(1000 * share)
    outputs = np.eye(5)[np.where(right, targets, (targets + 1) % 5)]
    return replace(made, result=replace(made.result, predictions=Predictions(outputs, targets)))


def test_a_budget_for_one_training_more_confirms_the_incumbent_alone() -> None:
    made = Session(simulation.recipe(**{"tune.budget": "25e"}), RULES)
    asked = asked_by(made)
    fresh = [one for one in trials(asked) if one.purpose == "confirmation"]
    assert len(fresh) == 1
    assert not any(isinstance(request, Finals) for request in asked)
    assert made.state.finals is not None
    assert made.state.confirmation is made.state.fresh[0]


@pytest.mark.parametrize(("workers", "wanted"), [(1, 4), (4, 0)])
def test_the_end_is_the_same_for_the_same_answers(workers: int, wanted: int) -> None:
    start = healthy(**{"tune.budget": "300e", "tune.ensemble": wanted})
    made = [Session(start, RULES, Settings(workers)) for _ in range(2)]
    first, second = ([str(r) for r in asked_by(one)] for one in made)
    assert first == second
    assert made[0].state.finals == made[1].state.finals
    assert made[0].state.ensemble == made[1].state.ensemble


# The ensemble


@pytest.mark.parametrize("wanted", [2, 3, 10])
def test_an_ensemble_has_as_many_seeds_of_the_winner_as_were_asked_for(wanted: int) -> None:
    made = Session(healthy(**{"tune.budget": "300e", "tune.ensemble": wanted}), RULES)
    asked = asked_by(made)
    state, found = made.state, made.state.ensemble
    assert found is not None
    assert len(found.members) == wanted
    recipes = [state.attempt(number).recipe for number in found.members]
    assert recipes[0] == state.best.recipe
    assert len({one.changed({"train.seed": 0}).digest() for one in recipes}) == 1
    assert len({one.train.seed for one in recipes}) == wanted
    opened = [request for request in asked if isinstance(request, OpenTest)]
    assert [request.ensemble for request in opened] == [found.members]
    assert state.budget.spent <= state.budget.limit
    assert judged(state)


def test_an_ensembles_value_is_that_of_the_mean_prediction() -> None:
    made = Session(healthy(**{"tune.budget": "300e", "tune.ensemble": 3}), RULES)
    asked_by(made)
    state, found = made.state, made.state.ensemble
    assert found is not None
    each = [state.attempt(number).result.predictions for number in found.members]
    outputs = combined("classification", [one.outputs for one in each if one])
    assert each[0] is not None
    assert found.value == score("classification", "accuracy", outputs, each[0].targets)
    assert found.single == pytest.approx(state.best.value)
    comparison = found.decision.comparison
    assert comparison is not None
    assert comparison.gain == pytest.approx(found.value - found.single)
    told = ensemble(found, state)
    assert told["pays"] == (found.decision.verdict == "accepted")
    assert [one["trial"] for one in told["members"]] == list(found.members)


def test_members_of_an_unchanged_start_are_fresh_seeds_to_estimate_it_by() -> None:
    start = healthy(
        **{"tune.budget": "15e", "tune.ensemble": 3, "tune.skip": ["learning_rate", "finish"]}
    )
    made = Session(start, ())
    asked = asked_by(made)
    assert [one.purpose for one in trials(asked)] == ["baseline", "confirmation", "confirmation"]
    assert made.state.ensemble is not None
    assert made.state.ensemble.members == (2, 3, 4)
    found = fresh_estimate(made.state)
    assert found is not None
    assert found.seeds == (FRESH_SEED, FRESH_SEED + 1)


@pytest.mark.parametrize(
    ("budget", "wanted", "challengers", "seeds"),
    [
        ("30e", 0, 2, 2),
        ("25e", 0, 1, 2),
        ("15e", 0, 2, 1),
        ("5e", 0, 0, 1),
        ("4e", 0, 0, 0),
        ("30e", 5, 1, 1),
        ("25e", 5, 0, 2),
    ],
)
def test_who_enters_is_what_the_budget_and_the_ensemble_leave_room_for(
    budget: str, wanted: int, challengers: int, seeds: int
) -> None:
    """Trainings of five epochs each."""
    start = healthy(**{"tune.budget": budget, "tune.ensemble": wanted})
    state = session(
        [attempt(1 + i, 0.9, start.changed({"optimizer.lr": 0.003 + i / 1000})) for i in range(3)]
    )
    finish = Finish(state, None)  # type: ignore[arg-type]
    found = finish._affordable(near_ties(state))
    assert (len(found[0]), found[1]) == (challengers, seeds)


def test_no_ensemble_unless_it_is_asked_for() -> None:
    made = Session(healthy(), RULES)
    asked = asked_by(made)
    assert made.state.ensemble is None
    assert not any(isinstance(request, Ensemble) for request in asked)
    assert [r.ensemble for r in asked if isinstance(r, OpenTest)] == [()]


def test_without_a_second_training_there_is_no_ensemble_and_that_is_said() -> None:
    made = Session(healthy(**{"tune.budget": "5e", "tune.ensemble": 3}), RULES)
    told = [request.text for request in asked_by(made) if isinstance(request, Remark)]
    assert made.state.ensemble is None
    assert any("no ensemble" in text for text in told)
    assert made.state.test is not None


def test_a_third_of_the_budget_is_kept_back_for_the_members() -> None:
    start = simulation.recipe(**{"tune.budget": "60e", "tune.ensemble": 5})
    made = Session(start, RULES)
    asked_by(made)
    assert made.state.ensemble is not None
    assert len(made.state.ensemble.members) == 5


def test_what_does_not_train_is_neither_averaged_nor_tested() -> None:
    made = Session(simulation.recipe(**{"tune.budget": "5e", "tune.ensemble": 3}), RULES)
    asked = asked_by(made)
    assert made.state.best.blocking
    assert made.state.ensemble is None
    assert not any(isinstance(request, OpenTest) for request in asked)
