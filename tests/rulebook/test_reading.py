from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.conditions import Expression
from advisor.rulebook import OPTIONAL, REQUIRED, Rule, RuleError, parse_rule
from tests.rulebook.written import TEXT, VOCABULARY, text


def refusal(written: str) -> str:
    with pytest.raises(RuleError) as caught:
        parse_rule(written, VOCABULARY, "r.yaml")
    return str(caught.value)


def test_every_field_is_read() -> None:
    found = parse_rule(TEXT, VOCABULARY, "r.yaml")
    assert (found.id, found.stage, found.maturity) == (
        "lr-from-range-test",
        "learning_rate",
        "stable",
    )
    assert (found.treats, found.rank, found.probe, found.price) == (
        "slow_learning",
        10,
        "lr_range",
        0.5,
    )
    assert [line.text for line in found.when] == ["suggested_lr > 3 * lr", "optimizer != 'sgd'"]
    assert isinstance(found.change["optimizer.lr"], Expression)
    assert found.change["schedule.kind"] == "cosine"
    assert found.change["train.early_stopping"] is None
    assert found.references == ("Smith 2017",)
    assert [example.fires for example in found.examples] == [True, False, False]
    assert found.examples[0].facts == {"suggested_lr": 0.1, "lr": 0.001, "optimizer": "adam"}
    assert found.source == "r.yaml"
    assert found.active
    assert found.reads == {"suggested_lr", "lr", "optimizer"}


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("rank: 10", "rnak: 10", 6, "unknown field; did you mean 'rank'?"),
        ("why:", "rank: 11\nwhy:", 15, "field 'rank' is given twice"),
        ("id: lr-from", "id: Lr_From", 1, "write it like-this"),
        ("stage: learning_rate", "stage: learning-rate", 3, "did you mean 'learning_rate'?"),
        ("maturity: stable", "maturity: [stable]", 4, "allowed: sandbox, incubating"),
        ("treats: slow_learning", "treats: slow_lerning", 5, "did you mean 'slow_learning'?"),
        ("treats: slow_learning", "treats: lr", 5, "there is no symptom 'lr'"),
        ("rank: 10", "rank: many", 6, "a number from 0 to 10000 is needed"),
        ("rank: 10", "rank: 1.5", 6, "whole"),
        ("price: 0.5", "price: 2", 13, "a number from 0 to 1 is needed"),
        ("price: 0.5", "price: .nan", 13, "a number from 0 to 1 is needed"),
        ("3 * lr", "3 * lrr", 9, "there is no fact 'lrr'; did you mean 'lr'?"),
        ("optimizer != 'sgd'", "[1]", 10, "a condition is text"),
        ("suggested_lr / 2", "sugested_lr / 2", 12, "did you mean 'suggested_lr'?"),
        ("suggested_lr / 2", "lr > 2", 12, "a number is needed"),
        ("optimizer.lr: s", "optimizer.rl: s", 12, "did you mean 'optimizer.lr'?"),
        ("schedule.kind: c", "schedule: c", 12, "no recipe has a field 'schedule'"),
        ("kind: cosine", "kind: cosinus", 12, "did you mean 'cosine'?; allowed: constant"),
        ("optimizer.lr: suggested_lr / 2", "optimizer.lr: true", 12, "found True"),
        ("optimizer.lr: suggested_lr / 2", "optimizer.lr: -1.0", 12, "greater than 0"),
        ("optimizer.lr: suggested_lr / 2", "optimizer.lr: 2001-01-01", 12, "no value of a recipe"),
        ("optimizer.lr: suggested_lr / 2", "train.epochs: 2.5", 12, "integer"),
        ("early_stopping: null", "early_stopping: {patience: 3}", 12, "no mapping"),
        ("set: {", "get: {", 12, "must be {set:"),
        ("{suggested_lr: 0.1, lr: 1e-3,", "{sugested_lr: 0.1, lr: 1e-3,", 19, "'sugested_lr'"),
        ("lr: 1e-3", "lr: small", 19, "fact 'lr' is a number, found 'small'"),
        ("lr: 1e-3", "lr: true", 19, "fact 'lr' is a number, found True"),
        ("fires: [", "fire: [", 19, "`fires` and `silent`"),
        ("[{suggested_lr: 0.1, lr: 1e-3, optimizer: adam}]", "5", 19, "a list of examples"),
        ("[{suggested_lr: 0.1, lr: 1e-3, optimizer: adam}]", "[5]", 19, "a mapping of facts"),
        ('["Smith 2017"]', "Smith 2017", 17, "a list of texts is needed"),
        ("caution: None known.", "caution: [1, 2]", 16, "a text is needed"),
        ("rank: 10", "rank: !!int many", 6, "'many' is not a int"),
        ("rank: 10", "rank: !!bool many", 6, "'many' is not a bool"),
        ("rank: 10", "rank: !!python/name:os.system x", 6, "could not determine a constructor"),
        ("rank: 10", "rank: [10", 6, "is opened here and not closed"),
    ],
)
def test_a_refusal_names_file_line_and_what_is_allowed(
    old: str, new: str, line: int, reason: str
) -> None:
    assert TEXT.count(old) == 1
    message = refusal(TEXT.replace(old, new))
    assert message.startswith(f"r.yaml:{line}: "), message
    assert reason in message


@pytest.mark.parametrize("field", REQUIRED)
def test_a_missing_field_is_named(field: str) -> None:
    assert f"field {field!r} is missing" in refusal(text(**{field: ...}))


@pytest.mark.parametrize("written", ["", "[]", "3", "a: b: c", "a: 1\n---\nb: 2", "? [a]\n: b"])
def test_what_is_no_mapping_is_refused(written: str) -> None:
    assert refusal(written).startswith("r.yaml:")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["lr > 1", "suggested_lr", "cosine", "slow_learning"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["set", "fires", "silent", "lr", "optimizer.lr"]), inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*REQUIRED, *OPTIONAL]), VALUES))
def test_any_fields_give_a_rule_or_are_refused(changes: dict[str, Any]) -> None:
    raw = yaml.safe_load(TEXT) | changes
    loads(yaml.safe_dump(raw, allow_unicode=True))


@given(st.text(max_size=60), st.integers(0, len(TEXT)), st.integers(0, 40))
def test_any_text_gives_a_rule_or_is_refused(noise: str, place: int, dropped: int) -> None:
    loads(TEXT[:place] + noise + TEXT[place + dropped :])


@given(st.text("[]{}:-!&*#|>?%@'\"\n\t 0aif", max_size=40))
def test_any_punctuation_gives_a_rule_or_is_refused(noise: str) -> None:
    loads(noise)
    loads(TEXT.replace("rank: 10", f"rank: {noise}"))


def loads(written: str) -> None:
    try:
        found = parse_rule(written, VOCABULARY, "r.yaml")
    except RuleError as error:
        message = str(error)
    else:
        message = "r.yaml:1: "
        assert isinstance(found, Rule)
        found.judge({})
        found.values({})
    assert message.startswith("r.yaml:")
