"""What names mean by themselves and in company."""

from __future__ import annotations

import pytest

from advisor.logs import read_bytes
from advisor.logs.assignment import assign
from tests.logs import makers

ALONE = {
    "loss": "train_loss",
    "train/loss": "train_loss",
    "train_loss": "train_loss",
    "training_loss": "train_loss",
    "Training Loss": "train_loss",
    "trainLoss": "train_loss",
    "loss/train": "train_loss",
    "train_loss_step": "train_loss",
    "train.ce_loss": "train_loss",
    "eval_loss": "validation_loss",
    "eval/loss": "validation_loss",
    "val_loss": "validation_loss",
    "valid_loss": "validation_loss",
    "validation loss": "validation_loss",
    "loss_val": "validation_loss",
    "epoch_val_loss": "validation_loss",
    "evaluation_loss_vs_iterations": "validation_loss",
    "test_loss": "validation_loss",
    "eval_accuracy": "validation_metric/accuracy",
    "val_acc": "validation_metric/accuracy",
    "acc/val": "validation_metric/accuracy",
    "train_acc": "train_metric/accuracy",
    "val_auroc": "validation_metric/roc_auc",
    "val_my_score": "validation_metric/my_score",
    "lr": "lr",
    "lr-Adam": "lr",
    "lr-SGD/pg1": "lr",
    "learning_rate": "lr",
    "train/learning_rate": "lr",
    "LearningRate": "lr",
    "grad_norm": "grad_norm",
    "train/grad_norm": "grad_norm",
    "grad_2.0_norm_total": "grad_norm",
    "_runtime": "seconds",
    "eval_runtime": "other/eval_runtime",
    "eval_samples_per_second": "other/eval_samples_per_second",
    "train_steps_per_second": "other/train_steps_per_second",
    "temperature": "other/temperature",
    "grad_norm/layer1": "other/grad_norm/layer1",
}


@pytest.mark.parametrize(("name", "series"), ALONE.items())
def test_name_alone(name: str, series: str) -> None:
    assert assign({name: 1, "step": 1}).series[name] == series


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"loss": 9, "val_loss": 1}, {"loss": "train_loss"}),
        ({"loss": 9, "train_loss": 9}, {"loss": "other/loss", "train_loss": "train_loss"}),
        ({"loss": 9, "train_loss": 1}, {"loss": "train_loss", "train_loss": "other/train_loss"}),
        ({"acc": 9, "val_acc": 1}, {"acc": "train_metric/accuracy"}),
        ({"acc": 1, "train_loss": 9, "val_loss": 1}, {"acc": "other/acc"}),
        ({"val_loss": 1, "test_loss": 1}, {"test_loss": "other/test_loss"}),
        ({"lr": 9, "lr-Adam": 9}, {"lr": "lr", "lr-Adam": "other/lr-Adam"}),
    ],
)
def test_names_in_company(names: dict[str, int], expected: dict[str, str]) -> None:
    found = assign({"step": 9, **names}).series
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["loss"], "the log names no split"),
        (["train_loss", "loss"], "there is loss too"),
        (["train_loss", "val_loss", "acc"], "does not say of which split"),
        (["loss", "test_loss"], "taken as of validation"),
        (["val_loss", "valid_loss"], "there is valid_loss too"),
    ],
)
def test_a_choice_is_noted(names: list[str], said: str) -> None:
    row = dict.fromkeys(["step", *names], 1.0)
    notes = read_bytes(makers.json_lines([row, row]), "log").notes
    assert any(note.kind == "ambiguous" and said in note.text for note in notes)


def test_nothing_to_choose_is_not_noted() -> None:
    assert (
        assign({"step": 9, "loss": 9, "val_loss": 1, "acc": 9, "val_acc": 1, "lr": 9}).notes == []
    )


def test_objects_in_objects() -> None:
    row = {"step": 1, "train": {"loss": 0.5, "acc": 0.7}, "valid": {"loss": 0.6}}
    series = read_bytes(makers.json_lines([row, row]), "log").series
    assert {"train_loss", "train_metric/accuracy", "validation_loss"} <= set(series)
