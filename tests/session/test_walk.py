from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from advisor.advice import Proposal
from advisor.recipe import Recipe
from advisor.requests import Answer, Choice, Choose, Decided, Request, Results, Train, TrainAll
from advisor.session import Session, Settings
from advisor.session.leader import moved
from advisor.session.step_order import SHAPES
from advisor.session.trying import FRESH_PAIRS
from advisor.session.walk import LOOK, OVERTAKEN, RULE
from tests import simulation
from tests.session.steering import tell, to_question

GOOD = {
    "optimizer.lr": 3e-3,
    "model.activation": "relu",
    "train.batch_size": 64,
    "model.hidden": (64,),
    "tune.skip": ["learning_rate"],
}


def session(budget: str = "40t", dropout: float = 0.0) -> Session:
    changes = {"tune.budget": budget, "regularization.dropout": dropout}
    return Session(simulation.recipe(**GOOD, **changes), ())


def run(one: Session, level: Callable[[Recipe], float], stop: bool = False) -> list[Decided]:
    """What was decided, where trainings are as good as `level` says; to the end of the walk."""
    seen: list[Decided] = []
    while one.request is not None:
        request: Request = one.request
        if isinstance(request, Decided):
            seen.append(request)
        if stop and isinstance(request, Choose) and request.proposals[0].rule.id == "search":
            break
        one.tell(_as(level, request))
    return seen


def _as(level: Callable[[Recipe], float], request: Request) -> Answer:
    if isinstance(request, Train):
        return simulation.answer(request, level=level(request.recipe))
    if isinstance(request, TrainAll):
        found = [simulation.trained(trial.recipe, level(trial.recipe)) for trial in request.trials]
        return Results(tuple(found), 1.0)
    return simulation.answer(request)


def several_small(recipe: Recipe) -> float:
    """Three settings, of which none by itself is beyond the noise."""
    better = (
        recipe.regularization.dropout > 0,
        recipe.train.batch_size < 64,
        recipe.model.hidden == (128,),  # type: ignore[union-attr]
    )
    return 0.70 + 0.07 * float(sum(better))


def test_small_steps_add_up_to_what_can_be_shown() -> None:
    one = session()
    seen = run(one, several_small)
    accepted = [each for each in seen if each.decision.verdict == "accepted"]
    assert accepted
    assert accepted[0].proposal.rule is RULE
    best = one.state.best.recipe
    assert several_small(best) > several_small(one.state.start)
    moved = {p for p, value in best.flat().items() if one.state.start.flat().get(p) != value}
    assert len(moved - {"train.seed"}) >= 2


def test_where_a_walk_ends_is_decided_on_seeds_that_it_was_not_chosen_by() -> None:
    seen = run(session(), lambda recipe: 0.6 + (several_small(recipe) - 0.7) / 2, stop=True)
    ends = [each for each in seen if each.decision.verdict != "rejected"]
    ends = [each for each in ends if each.proposal.rule is RULE]
    assert ends
    for each in ends:
        comparison = each.decision.comparison
        assert comparison is not None
        assert comparison.seeds >= FRESH_PAIRS or comparison.low > 0  # beyond doubt


def test_one_round_keeps_the_shapes_so_that_it_can_run_as_one_program() -> None:
    one = session()
    rounds: list[TrainAll] = []
    while one.request is not None:
        if isinstance(one.request, TrainAll) and one.request.together:
            rounds.append(one.request)
        one.tell(simulation.answer(one.request))
    (round_,) = rounds
    assert 2 <= len(round_.trials) <= LOOK
    first, *others = (trial.recipe.flat() for trial in round_.trials)
    for other in others:
        apart = {path for path in {*first, *other} if first.get(path) != other.get(path)}
        assert 1 <= len({path.split(".")[0] for path in apart}) <= 2  # one setting each
        assert not any(path.startswith(SHAPES) for path in apart)


def test_each_later_step_is_taken_from_the_best_so_far() -> None:
    one = session()
    seen = [each for each in run(one, several_small, stop=True) if each.proposal.rule is RULE]
    changes = [set(each.proposal.change) for each in seen]
    assert any(len(change) > 1 for change in changes)


def test_a_walk_leaves_room_to_confirm_where_it_led() -> None:
    one = session("12t")
    seen = run(one, lambda recipe: 0.6 + (several_small(recipe) - 0.7) / 2)
    settled = [each for each in seen if each.decision.verdict != "rejected"]
    assert settled
    assert settled[-1].proposal.rule is RULE
    assert settled[-1].decision.reason.find("no room") < 0
    assert one.state.budget.share <= 1.0
    purposes = [attempt.trial.purpose for attempt in one.state.attempts]
    assert purposes.count("repeat") >= 2


def test_an_underfitting_model_is_first_given_more_room() -> None:
    one = session(dropout=0.3)
    first = to_question(one, RULE.id)
    assert one.state.best.facts["underfitting"] is True
    assert first.proposals[0].change == {"train.batch_size": 32}
    widths = []
    while isinstance(one.request, Choose) and len(one.request.proposals) == 1:
        widths.append(one.request.proposals[0].change.get("model.hidden"))
        tell(one, Choice("try", 0))
    assert next(width for width in widths if width is not None) == (128,)


def test_what_a_person_locks_on_the_way_is_not_moved_any_more() -> None:
    one = session()
    to_question(one, RULE.id)
    tell(one, Choice("try", 0), Choice("lock", fields=("regularization",)))
    later = to_question(one, RULE.id)
    moved = {path for proposal in later.proposals for path in proposal.change}
    assert not any(path.startswith("regularization") for path in moved)


def test_a_walk_over_a_field_that_was_locked_meanwhile_is_not_settled() -> None:
    one = session()
    while not (isinstance(one.request, Choose) and _goes_on(one.request)):
        assert one.request is not None
        one.tell(_as(several_small, one.request))
    (proposal,) = one.request.proposals
    seen = tell(one, Choice("lock", fields=tuple(_sections(proposal))))
    told = [each.decision.reason for each in seen if isinstance(each, Decided)]
    assert OVERTAKEN in told


def _goes_on(request: Choose) -> bool:
    """Whether this step of a walk is taken from another recipe than the incumbent."""
    (first, *others), rule = request.proposals, request.proposals[0].rule
    return rule is RULE and not others and len(_sections(first)) > 1


def _sections(proposal: Proposal) -> set[str]:
    return {path.split(".")[0] for path in proposal.change}


def test_what_leads_from_one_recipe_to_another_leaves_locks_alone() -> None:
    before = simulation.recipe(**GOOD, **{"tune.locked": ["model"]})
    after = before.changed({"train.batch_size": 16, "tune.locked": []})
    assert moved(before, after) == {"train.batch_size": 16}


def test_workers_take_several_steps_at_a_time() -> None:
    one = Session(simulation.recipe(**GOOD, **{"tune.budget": "40t"}), (), Settings(3))
    sizes = []
    while one.request is not None:
        if isinstance(one.request, Choose) and one.request.proposals[0].rule is RULE:
            sizes.append(len(one.request.proposals))
        one.tell(simulation.answer(one.request))
    assert sizes[0] == 3
    assert LOOK in sizes


def test_a_step_has_the_price_of_what_it_is_taken_from() -> None:
    dear = replace(RULE, id="dear", stage="loss", price=0.25, change={"model.hidden": [128]})
    start = simulation.recipe(**GOOD, **{"tune.budget": "60t"})
    one = Session(start, (replace(dear, rank=1),))
    seen = run(one, several_small, stop=True)
    steps = [each.proposal for each in seen if each.proposal.rule is RULE]
    priced = [each.price for each in steps if each.built_on is not None]
    assert seen[0].leads
    assert priced[0] == 0.25
    assert all(each.price == 0 for each in steps if each.built_on is None)


def several_of_one_round(recipe: Recipe) -> float:
    """Settings that leave the shapes alone, of which each helps a little."""
    helped = (recipe.optimizer.lr > 3e-3, recipe.schedule.kind == "linear", warmed(recipe))
    return 0.70 + 0.05 * float(sum(helped))


def warmed(recipe: Recipe) -> bool:
    return getattr(recipe.schedule, "warmup", 0) > 0


def test_what_helped_in_one_round_is_tried_at_once() -> None:
    one = session("80t")
    seen = run(one, several_of_one_round, stop=True)
    recipes = {attempt.trial.number: attempt.recipe for attempt in one.state.attempts}
    steps = [each for each in seen if each.proposal.rule is RULE]
    told = [each for each in steps if "not as far ahead as another" in each.decision.reason]
    assert told
    after = [each for each in steps if each.trial > max(one.trial for one in told)]
    helped = {path for each in told for path in each.proposal.change} & {
        "optimizer.lr",
        "schedule.kind",
        "schedule.warmup",
    }
    assert helped
    fields = recipes[after[0].trial].flat()
    before = one.state.start.flat()
    assert helped <= {path for path, value in fields.items() if before.get(path) != value}


def test_a_step_that_a_person_refuses_is_not_asked_again() -> None:
    one = Session(simulation.recipe(**GOOD, **{"tune.budget": "40t"}), (), Settings(3))
    first = to_question(one, RULE.id)
    path = str(first.proposals[0].evidence["moves"])
    refused = first.proposals[0].change[path]
    tell(one, Choice("refuse", 0), Choice("try", 0))
    asked = 0
    while one.request is not None:
        if isinstance(one.request, Choose) and one.request.proposals[0].rule is RULE:
            steps = [each for each in one.request.proposals if each.evidence["moves"] == path]
            assert all(each.change[path] != refused for each in steps)
            asked += 1
        one.tell(_as(lambda recipe: 0.7, one.request))
    assert asked
