from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice import Advice, propose, tidy
from advisor.experience import Counts, Experience, TrackRecord
from advisor.facts import FactDefinition, FactValue
from advisor.recipe import Recipe
from advisor.rulebook import Rule, parse_rule
from advisor.symptoms import Arbitration

VOCABULARY = {
    name: FactDefinition(name, kind, "", "")  # type: ignore[arg-type]
    for kind, names in {
        "number": ("lr", "suggested_lr", "dropout", "epochs", "gap"),
        "flag": ("divergence", "slow_learning", "overfitting"),
    }.items()
    for name in names
}
BY = Arbitration(order={"divergence": 2, "slow_learning": 5, "overfitting": 8})
FACTS: dict[str, FactValue] = {
    "lr": 0.001,
    "dropout": 0.2,
    "epochs": 10,
    "gap": 0.1,
    "divergence": False,
    "slow_learning": True,
    "overfitting": True,
}


def recipe(**changes: Any) -> Recipe:
    base = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:any"},
            "model": {"kind": "mlp"},
            "train": {"early_stopping": {"patience": 3}},
        }
    )
    return base.changed({path.replace("__", "."): value for path, value in changes.items()})


def rule(name: str = "a", set_: dict[str, Any] | None = None, **changes: Any) -> Rule:
    raw = {
        "id": name,
        "title": "A title",
        "stage": "learning_rate",
        "when": ["slow_learning"],
        "change": {"set": set_ or {"optimizer.lr": "lr * 3"}},
        "expect": "Something.",
        "why": f"Because of {name}.",
        "examples": {"fires": [], "silent": []},
    }
    return parse_rule(yaml.safe_dump(raw | changes), VOCABULARY)


START = recipe()


def advise(*rules: Rule, recipe: Recipe = START, facts: Any = FACTS, **more: Any) -> Advice:
    return propose("learning_rate", recipe, facts, rules, BY, **more)


def ids(advice: Advice) -> list[str]:
    return [proposal.rule.id for proposal in advice.proposals]


def test_a_proposal_has_its_change_its_reason_and_all_that_it_read() -> None:
    advice = advise(rule(when=["slow_learning", "gap < 0.2"], treats="slow_learning", rank=7))
    (proposal,) = advice.proposals
    assert proposal.change == {"optimizer.lr": 0.003}
    assert proposal.reason == "Because of a."
    assert proposal.evidence == {"gap": 0.1, "lr": 0.001, "slow_learning": True}
    assert proposal.treats == "slow_learning"
    assert proposal.order == (5, False, 7, "a")
    assert advice.probes == advice.refused == ()


def test_rules_that_do_not_fire_here_propose_nothing() -> None:
    assert advise(
        rule("other-stage", stage="epochs"),
        rule("asleep", maturity="sandbox"),
        rule("old", maturity="deprecated"),
        rule("silent", when=["divergence"]),
        rule("unknown", when=["suggested_lr > lr"]),
    ) == Advice(())


def test_proposals_come_in_the_order_of_symptom_rank_and_id() -> None:
    advice = advise(
        rule("no-symptom", {"schedule.kind": "cosine"}, rank=1),
        rule("late-class", {"schedule.kind": "linear"}, rank=1, treats="overfitting"),
        rule("z", rank=20, treats="slow_learning"),
        rule("b", {"optimizer.lr": 0.01}, rank=20, treats="slow_learning"),
        rule("first", {"optimizer.beta1": 0.8}, rank=10, treats="slow_learning"),
    )
    assert ids(advice) == ["first", "b", "z", "late-class", "no-symptom"]


# What is left out


@pytest.mark.parametrize("locked", ["optimizer", "optimizer.lr"])
def test_a_locked_field_is_left_alone(locked: str) -> None:
    advice = advise(rule(), recipe=recipe(tune__locked=[locked]))
    assert advice == Advice((), (), ("a: optimizer.lr is locked",))
    assert ids(advise(rule(), recipe=recipe(tune__locked=["optimizer.beta1"]))) == ["a"]


@pytest.mark.parametrize(
    "set_",
    [
        {"optimizer.lr": "lr"},
        {"optimizer.lr": 0.00100000000001},
        {"optimizer.kind": "adam", "optimizer.lr": 0.001},
        {"train.epochs": "epochs + 0.4"},
        {"optimizer.clip_norm": None},
    ],
)
def test_a_change_that_changes_nothing_is_no_proposal(set_: dict[str, Any]) -> None:
    assert advise(rule(set_=set_)) == Advice(())


def test_a_whole_section_can_be_switched_off() -> None:
    (proposal,) = advise(rule(set_={"train.early_stopping": None})).proposals
    assert recipe().changed(proposal.change).train.early_stopping is None


def test_only_the_fields_that_move_are_in_the_change() -> None:
    set_ = {"optimizer.lr": 0.00100000000001, "optimizer.kind": "sgd", "optimizer.momentum": 0.9}
    (proposal,) = advise(rule(set_=set_)).proposals
    assert proposal.change == {"optimizer.kind": "sgd", "optimizer.momentum": 0.9}
    (proposal,) = advise(rule(set_={"optimizer.kind": "adam", "optimizer.lr": 0.01})).proposals
    assert proposal.change == {"optimizer.lr": 0.01}


def test_what_gives_no_valid_recipe_is_refused_in_one_line() -> None:
    advice = advise(
        rule("decay", {"regularization.weight_decay": 0.1}),
        rule("momentum", {"optimizer.momentum": 0.9}),
        rule("dropout", {"regularization.dropout": "dropout + 0.9"}),
    )
    assert not advice.proposals
    decay, momentum, dropout = advice.refused
    assert "needs optimizer.kind adamw" in decay
    assert "optimizer.adam.momentum: Extra inputs" in momentum
    assert "regularization.dropout: Input should be less than 1" in dropout
    assert not any("\n" in message for message in advice.refused)


def test_a_recipe_that_was_tried_is_not_proposed_again() -> None:
    (proposal,) = advise(rule()).proposals
    tried = {recipe().changed(proposal.change).digest()}
    assert ids(advise(rule(), rule("b", {"optimizer.lr": 0.01}), tried=tried)) == ["b"]


def test_of_two_opposite_moves_only_the_first_is_shown() -> None:
    advice = advise(
        rule("down", {"optimizer.lr": "lr / 3"}, rank=2),
        rule("up", {"optimizer.lr": "lr * 3"}, rank=1),
        rule("up-more", {"optimizer.lr": "lr * 10"}, rank=3),
    )
    assert ids(advice) == ["up", "up-more"]
    assert advice.refused == ("down: moves optimizer.lr the other way than up",)


def test_a_proposal_that_is_not_shown_contradicts_nobody() -> None:
    advice = advise(
        rule("one", {"optimizer.lr": "lr * 3"}, rank=1),
        rule("two", {"optimizer.lr": "lr / 3", "regularization.dropout": 0.1}, rank=2),
        rule("three", {"regularization.dropout": 0.3}, rank=3),
    )
    assert ids(advice) == ["one", "three"]


def test_a_number_that_stays_is_no_direction() -> None:
    """The new optimizer keeps the rate, which is neither up nor down."""
    advice = advise(
        rule("sgd", {"optimizer.kind": "sgd", "optimizer.lr": 0.001}, rank=1),
        rule("up", {"optimizer.lr": "lr * 3"}, rank=2),
    )
    assert ids(advice) == ["sgd", "up"]


# Probes


def test_a_probe_is_asked_for_once_when_only_its_facts_are_missing() -> None:
    undecided: dict[str, Any] = {
        "when": ["slow_learning", "suggested_lr > lr"],
        "probe": "lr_range",
    }
    assert advise(rule("a", **undecided), rule("b", **undecided)).probes == ("lr_range",)
    wanted = rule(set_={"optimizer.lr": "suggested_lr"}, probe="lr_range")
    assert advise(wanted).probes == ("lr_range",)
    facts = FACTS | {"suggested_lr": 0.02}
    assert advise(wanted, facts=facts).probes == ()
    assert ids(advise(wanted, facts=facts)) == ["a"]


def test_no_probe_for_a_rule_that_could_not_propose_anything() -> None:
    probe: dict[str, Any] = {"when": ["divergence", "suggested_lr > lr"], "probe": "lr_range"}
    assert advise(rule(**probe)) == Advice(())
    probe["when"] = ["slow_learning", "suggested_lr > lr"]
    assert advise(rule(**probe), recipe=recipe(tune__locked=["optimizer"])) == Advice(())


def test_a_change_that_cannot_be_computed_names_what_is_missing() -> None:
    advice = advise(rule(set_={"optimizer.lr": "suggested_lr"}))
    assert advice.refused == ("a: cannot be computed; not measured: suggested_lr",)


# Numbers


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("optimizer.lr", 0.00123456, 0.00123),
        ("optimizer.lr", 0.99999, 1.0),
        ("regularization.dropout", 0.1 + 0.2, 0.3),
        ("optimizer.beta2", 0.9995, 0.9995),
        ("train.batch_size", 45.6, 46),
        ("model.kernel_size", 5.0, 5),
    ],
)
def test_computed_numbers_are_written_as_a_person_would(
    path: str, value: float, expected: float
) -> None:
    assert tidy(path, value) == expected
    assert type(tidy(path, value)) is type(expected)


def test_written_numbers_stay_as_they_are_written() -> None:
    (proposal,) = advise(rule(set_={"optimizer.lr": 0.0012345678})).proposals
    assert proposal.change == {"optimizer.lr": 0.0012345678}


NUMBERS = st.floats(-2, 2000) | st.sampled_from([0.0, 1e-12, 1e308, float("nan")]) | st.none()


@given(
    facts=st.fixed_dictionaries(dict.fromkeys(("lr", "dropout", "epochs", "gap"), NUMBERS)),
    fired=st.booleans() | st.none(),
    locked=st.sampled_from([[], ["optimizer"], ["train"]]),
)
def test_whatever_the_facts_every_proposal_is_a_new_valid_recipe(
    facts: dict[str, FactValue], fired: bool | None, locked: list[str]
) -> None:
    start = recipe(tune__locked=locked)
    rules = [
        rule("a", {"optimizer.lr": "lr * 3", "train.epochs": "epochs * 2"}, rank=3),
        rule("b", {"optimizer.lr": "1 / lr"}, probe="lr_range"),
        rule("c", {"regularization.dropout": "dropout + gap"}, rank=1),
        rule("d", {"train.batch_size": "2 ** epochs"}),
    ]
    advice = advise(*rules, recipe=start, facts=facts | {"slow_learning": fired})
    assert list(advice.proposals) == sorted(advice.proposals, key=lambda p: p.order)
    for proposal in advice.proposals:
        assert fired is True
        assert start.changed(proposal.change) != start
        assert not any(start.locks(path) for path in proposal.change)


# Experience

KEPT, REFUSED = Counts(accepted=9), Counts(rejected=9)
CAUSED = Arbitration(
    urgency={"slow_learning": 5, "overfitting": 5},
    causes={"overfitting": "slow_learning"},
    order=BY.order,
)
FIELDS: dict[str, Any] = {
    "optimizer.lr": 0.01,
    "optimizer.beta1": 0.8,
    "optimizer.eps": 1e-6,
    "schedule.kind": "cosine",
    "train.epochs": 30,
    "train.batch_size": 64,
    "regularization.dropout": 0.3,
    "regularization.label_smoothing": 0.1,
}
COUNTS = st.builds(Counts, *[st.integers(0, 30)] * 3)


def test_experience_is_told_with_the_proposal_and_moves_its_rank() -> None:
    known = Experience({"a": KEPT}, {"a": 1})
    (proposal,) = advise(rule(rank=40), experience=known).proposals
    assert proposal.track_record == TrackRecord(KEPT, 1)
    assert proposal.order == (9, False, 40 + KEPT.ranks + 15, "a")
    (other,) = advise(rule("b", rank=40), experience=known).proposals
    assert other.track_record == TrackRecord()


def test_what_was_kept_comes_before_what_was_not() -> None:
    rules = [rule("a", rank=20), rule("b", {"optimizer.beta1": 0.8}, rank=20)]
    assert ids(advise(*rules)) == ["a", "b"]
    assert ids(advise(*rules, experience=Experience({"b": KEPT}))) == ["b", "a"]
    assert ids(advise(*rules, experience=Experience({"a": REFUSED}))) == ["b", "a"]
    assert ids(advise(*rules, experience=Experience({}, {"a": 1}))) == ["b", "a"]
    assert ids(advise(*rules, experience=Experience({"a": Counts(2, 3)}))) == ["a", "b"]


def test_a_probe_is_due_where_experience_puts_its_rule_first() -> None:
    rules = [
        rule("known", rank=10),
        rule("waits", {"optimizer.lr": "suggested_lr"}, rank=15, probe="lr_range"),
    ]
    assert advise(*rules).probes == ()
    assert advise(*rules, experience=Experience({"waits": KEPT})).probes == ("lr_range",)
    assert advise(*rules, experience=Experience({"known": REFUSED})).probes == ("lr_range",)


def test_of_two_that_contradict_each_other_the_one_that_was_kept_stays() -> None:
    rules = [rule("down", {"optimizer.lr": "lr / 3"}, rank=10), rule("up", rank=20)]
    assert ids(advise(*rules)) == ["down"]
    assert ids(advise(*rules, experience=Experience({"down": REFUSED}))) == ["up"]


@given(
    treats=st.lists(
        st.sampled_from(["slow_learning", "overfitting", "divergence", None]),
        min_size=len(FIELDS),
        max_size=len(FIELDS),
    ),
    ranks=st.lists(st.integers(0, 60), min_size=len(FIELDS), max_size=len(FIELDS)),
    counts=st.dictionaries(st.sampled_from("abcdefgh"), COUNTS),
    refused=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 5)),
)
def test_experience_orders_only_within_what_is_as_urgent(
    treats: list[str | None], ranks: list[int], counts: dict[str, Counts], refused: dict[str, int]
) -> None:
    made = zip("abcdefgh", FIELDS.items(), treats, ranks, strict=True)
    rules = [
        rule(name, {path: value}, rank=rank, **({"treats": aim} if aim else {}))
        for name, (path, value), aim, rank in made
    ]
    before = propose("learning_rate", START, FACTS, rules, CAUSED).proposals
    known = Experience(counts, refused)
    after = propose("learning_rate", START, FACTS, rules, CAUSED, experience=known).proposals
    classes = {proposal.rule.id: proposal.order[:2] for proposal in before}
    assert {proposal.rule.id: proposal.order[:2] for proposal in after} == classes
    assert [p.order[:2] for p in after] == [p.order[:2] for p in before]
    for proposal in after:
        assert proposal.order[2] == proposal.rule.rank + proposal.track_record.ranks
    assert list(after) == sorted(after, key=lambda p: p.order)
