"""What is told against the log: refused where it cannot be true, remarked where it is odd."""

from __future__ import annotations

import pytest

from advisor.diagnosis import DiagnosisError
from advisor.diagnosis.adoption import adopted
from advisor.diagnosis.told import checked
from advisor.logs import read_bytes
from advisor.recipe import Recipe
from tests.diagnosis import logs
from tests.symptoms.streams import recipe_of


def columns(*names: str, rows: int = 12) -> bytes:
    """A log by epoch, counted from 0, with these columns beside the losses."""
    head = ",".join(("epoch", "loss", "val_loss", *names))
    values = ",0.5" * len(names)
    return "\n".join(
        [head, *(f"{i},{1 / (i + 1)},{1 / (i + 1)}{values}" for i in range(rows)), ""]
    ).encode()


def remarked(data: bytes, recipe: Recipe | None = None, **told: object) -> list[str]:
    known = checked(told, recipe is not None)
    found = adopted(read_bytes(data, "some.csv"), known, recipe)
    return [note.text for note in found.notes if note.kind == "told"]


@pytest.mark.parametrize(
    ("names", "told", "said"),
    [
        (["accuracy", "val_accuracy"], {"metric": "rmse"}, "metric: found rmse"),
        (["val_precision"], {"metric": "perplexity", "task": "language_model"}, ""),
        (["val_mse"], {"metric": "accuracy"}, "it has mse"),
        (["val_mse"], {"classes": 10}, "from the name mse) has no classes"),
        (["val_rmse"], {"classes": 10}, "has no classes"),
        (["val_accuracy"], {"epochs": 5}, "the log holds 12"),
    ],
)
def test_what_cannot_be_is_refused(names: list[str], told: dict[str, object], said: str) -> None:
    if not said:
        assert not remarked(columns(*names), **told)
        return
    with pytest.raises(DiagnosisError) as error:
        remarked(columns(*names), **told)
    assert str(error.value).startswith("some.csv: ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"task": "regression", "classes": 3}, "a regression has none"),
        ({"metric": "rmse", "classes": 3}, "a regression has none"),
        ({"task": "binary", "classes": 3}, "has 2"),
    ],
)
def test_options_that_contradict_each_other_are_refused(told: dict[str, object], said: str) -> None:
    with pytest.raises(DiagnosisError, match=said):
        checked(told)
    checked({**told, "classes": None})


def test_a_loss_of_two_classes_is_not_one_of_ten() -> None:
    data = b"step,bce_loss,val_loss\n" + b"".join(b"%d,0.5,0.5\n" % i for i in range(9))
    with pytest.raises(DiagnosisError, match=r"from the name bce_loss\) has 2 classes"):
        remarked(data, classes=10)
    assert not remarked(data, classes=2)
    assert not remarked(data, classes=10, task="multilabel")


@pytest.mark.parametrize(
    ("names", "told", "said"),
    [
        (["val_accuracy"], {"metric": "f1"}, "f1 is not in the log, which has accuracy"),
        ([], {"metric": "f1"}, "f1 is not in the log: it is judged by its losses"),
        (["val_accuracy"], {"task": "regression"}, "accuracy is no metric of the task regression"),
        (["val_mse"], {"task": "classification", "classes": 10}, "mse is no metric of the task"),
        (["val_accuracy"], {"epochs": 11}, "the log holds 12 epochs; planned, as was told: 11"),
    ],
)
def test_what_is_odd_is_remarked(names: list[str], told: dict[str, object], said: str) -> None:
    (text,) = remarked(columns(*names), **told)
    assert text.startswith(said)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["val_accuracy"], {"metric": "accuracy", "classes": 10, "epochs": 12}),
        (["val_accuracy"], {"epochs": 30}),
        (["val_mse"], {"metric": "rmse"}),
        ([], {"metric": "perplexity"}),
        (["val_bleu"], {"task": "language_model", "classes": 1000}),
        ([], {"task": "regression"}),
    ],
)
def test_what_goes_together_is_not_remarked(names: list[str], told: dict[str, object]) -> None:
    assert not remarked(columns(*names), **told)


def test_entries_that_may_be_epochs_are_not_held_against_a_plan() -> None:
    data = b"loss,val_loss\n" + b"".join(b"%f,0.5\n" % (1 / i) for i in range(1, 13))
    (text,) = remarked(data, epochs=5)
    assert text == "the log holds 12 epochs, if its entries are epochs; planned, as was told: 5"


def test_a_recipe_that_does_not_go_with_its_log_is_remarked() -> None:
    recipe = recipe_of(train__epochs=5, metric="f1")
    texts = remarked(columns("val_accuracy"), recipe)
    assert [text.partition(",")[0] for text in texts] == [
        "f1 is not in the log",
        "the log holds 12 epochs; planned by the recipe: 5",
    ]


@pytest.mark.parametrize(
    ("per_epoch", "odd"), [(100, False), (104, False), (120, False), (30, True), (400, True)]
)
def test_steps_of_an_epoch_are_held_against_those_of_the_log(per_epoch: int, odd: bool) -> None:
    """The last of 5 epochs may not be over, so that up to 125 steps fit."""
    rows = [
        {"step": 10 * i, "epoch": (10 * i - 1) // 100, "train_loss": 1 / i} for i in range(1, 51)
    ]
    assert bool(remarked(logs.lines(rows), steps_per_epoch=per_epoch)) is odd
