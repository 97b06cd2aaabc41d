"""From a log to events: what they hold, what is unknown, and what is taken for granted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.diagnosis import Case, DiagnosisError
from advisor.diagnosis.adoption import adopted
from advisor.diagnosis.told import Told, checked
from advisor.events import Evaluated, StepsDone, TrialFinished, TrialStarted
from advisor.logs import read_bytes
from tests.diagnosis import logs
from tests.logs import makers
from tests.symptoms.streams import recipe_of


def case(data: bytes, growing: bool = False, **told: object) -> Case:
    return adopted(read_bytes(data, "log"), checked(told), growing=growing)


def evaluations(found: Case) -> list[Evaluated]:
    return [event for event in found.events if isinstance(event, Evaluated)]


def losses(found: Case) -> list[float]:
    chunks = [event for event in found.events if isinstance(event, StepsDone)]
    return [loss for chunk in chunks for loss in chunk.loss]


@pytest.mark.parametrize("name", [name for name in makers.MAKERS if name != "events"])
def test_every_format_gives_all_its_losses_and_an_end(name: str) -> None:
    found = case(makers.MAKERS[name][1]())
    assert isinstance(found.events[0], TrialStarted)
    assert isinstance(found.events[-1], TrialFinished)
    assert losses(found) == pytest.approx(makers.LOSSES, abs=1e-6)
    assert evaluations(found)
    assert evaluations(found)[-1].step == 20
    assert {"layers", "activations", "recipe", "preflight"} <= set(found.unknown)
    assert found.kind == "log"


@pytest.mark.parametrize(
    ("name", "metric", "task"),
    [
        ("acc", "accuracy", "classification"),
        ("f1", "f1", "classification"),
        ("auc", "roc_auc", "classification"),
        ("r2", "r2", "regression"),
        ("rmse", "rmse", "regression"),
        ("mean_absolute_error", "mae", "regression"),
        ("perplexity", "perplexity", "language_model"),
    ],
)
def test_task_and_metric_come_from_names(name: str, metric: str, task: str) -> None:
    row = {"step": 1, "train_loss": 1.0, "val_loss": 1.0, f"val_{name}": 0.5}
    found = case(logs.lines([row, {**row, "step": 2}]))
    assert (found.recipe.task, found.recipe.metric) == (task, metric)
    assert "from the name" in found.assumed["task"]
    assert evaluations(found)[0].validation_metric == 0.5


def test_what_is_told_overrides_names() -> None:
    row = {"step": 1, "train_loss": 1.0, "val_loss": 1.0, "val_accuracy": 0.5, "val_f1": 0.25}
    found = case(logs.lines([row]), metric="f1")
    assert (found.recipe.task, found.recipe.metric) == ("classification", "f1")
    assert evaluations(found)[0].validation_metric == 0.25
    assert "metric" not in found.assumed
    told = case(logs.lines([row]), task="language_model")
    assert told.recipe.metric == "accuracy"


def test_without_any_name_a_classifier_is_assumed_and_said() -> None:
    found = case(logs.steps(lambda i: 1 / i, 5))
    assert found.recipe.task == "classification"
    assert "no name" in found.assumed["task"]
    assert {"validation_loss", "validation_metric", "train_metric"} <= set(found.unknown)


def test_percent_squared_errors_and_error_rates_are_turned_into_usual_metrics() -> None:
    def only(name: str, value: float) -> float:
        rows = [{"step": i, "train_loss": 1.0, f"val_{name}": value} for i in (1, 2)]
        return evaluations(case(logs.lines(rows)))[0].validation_metric

    assert only("acc", 87.5) == 0.875
    assert only("mse", 4.0) == 2.0
    assert only("error", 0.25) == 0.75


def test_perplexity_is_made_of_the_loss_where_it_was_not_logged() -> None:
    rows = [{"step": i, "train_loss": 2.0, "val_loss": 1.5} for i in (1, 2)]
    found = case(logs.lines(rows), task="language_model")
    assert evaluations(found)[0].validation_metric == pytest.approx(math.exp(1.5))
    assert "logged loss" in found.assumed["metric"]


def test_nothing_is_made_up_between_entries() -> None:
    found = case(logs.steps(lambda i: 1 / i, 40, stride=100))
    assert losses(found) == [1 / i for i in range(1, 41)]
    assert (found.scale.unit, found.scale.stride) == ("entry", 100.0)
    assert found.scale.label(3) == 300


def test_epochs_of_a_history_are_entries() -> None:
    found = case(logs.keras(12))
    assert (found.scale.unit, found.scale.stride, found.entries) == ("epoch", None, 12)
    assert found.scale.label(1) == 0
    assert case(logs.keras(12), steps_per_epoch=40).scale.stride == 40


def test_training_loss_of_an_evaluation_is_the_mean_since_the_last() -> None:
    rows: list[logs.Row] = [{"step": i, "train_loss": float(i)} for i in range(1, 7)]
    rows += [{"step": step, "val_loss": 1.0} for step in (2, 6)]
    found = evaluations(case(logs.lines(rows)))
    assert [(e.step, e.train_loss) for e in found] == [(2, 1.5), (6, 4.5)]


def test_a_validation_before_the_first_step_is_the_untrained_model() -> None:
    rows: list[logs.Row] = [{"step": 0, "val_loss": 2.5}]
    rows += [{"step": i, "train_loss": 1.0} for i in range(1, 5)] + [{"step": 4, "val_loss": 1.0}]
    found = case(logs.lines(rows))
    assert isinstance(found.events[0], TrialStarted)
    assert found.events[0].initial_loss == 2.5
    assert len(evaluations(found)) == 1
    assert "initial_loss" not in {*found.unknown, *found.assumed}


def test_a_log_that_begins_late_does_not_know_the_untrained_loss() -> None:
    assert "initial_loss" in case(logs.steps(lambda i: 1.0, 5, stride=100)).unknown
    assert "first step" in case(logs.steps(lambda i: 1.0, 5)).assumed["initial_loss"]


def test_chance_needs_the_number_of_classes() -> None:
    assert {"chance_loss", "chance_metric"} <= set(case(logs.keras()).unknown)
    found = case(logs.keras(), classes=10)
    assert isinstance(found.events[0], TrialStarted)
    assert found.events[0].chance_loss == pytest.approx(math.log(10))
    assert "equally frequent" in found.assumed["chance_loss"]


def test_only_a_log_that_is_taken_to_be_whole_has_an_end() -> None:
    def ends(found: Case) -> bool:
        return isinstance(found.events[-1], TrialFinished)

    assert ends(case(logs.keras(20)))
    assert "end" in case(logs.keras(20)).assumed
    assert ends(case(logs.keras(20), epochs=20))
    assert not ends(case(logs.keras(20), epochs=40))
    assert not ends(case(logs.keras(20), growing=True))


def test_a_training_metric_below_validation_is_not_believed() -> None:
    rows = [
        {"step": i, "train_loss": 1.0, "train_acc": 0.6, "val_loss": 0.5, "val_acc": 0.8}
        for i in range(1, 9)
    ]
    assert "while training" in case(logs.lines(rows)).unknown["train_metric"]


def test_validation_alone_is_a_log_too() -> None:
    found = case(logs.lines([{"step": i, "val_loss": 1 / i} for i in range(1, 9)]))
    assert {"steps", "train_loss"} <= set(found.unknown)
    assert [event.validation_loss for event in evaluations(found)] == [1 / i for i in range(1, 9)]


def test_huge_numbers_count_as_infinite() -> None:
    assert losses(case(logs.steps(lambda i: -1e300 if i == 2 else 1.0, 3))) == [1, -math.inf, 1]


def test_too_many_evaluations_are_thinned_and_that_is_said() -> None:
    n = 5000
    body = "".join(f"{i},0.5,{'nan' if i == 7 else 0.6}\n" for i in range(1, n + 1))
    found = case(f"step,loss,val_loss\n{body}".encode())
    seen = evaluations(found)
    assert 2000 <= len(seen) <= 2001
    assert np.isnan([event.validation_loss for event in seen]).sum() == 1
    assert any(note.kind == "limit" for note in found.notes)


def test_the_recipe_of_the_training_says_what_the_log_does_not() -> None:
    recipe = recipe_of(train__epochs=30, train__batch_size=16)
    found = adopted(read_bytes(logs.keras(30), "log"), Told(), recipe)
    assert found.given == recipe
    assert not {"recipe"} & set(found.unknown)
    assert found.recipe.optimizer == recipe.optimizer


def test_a_log_without_losses_is_refused_with_the_names_in_it() -> None:
    with pytest.raises(DiagnosisError, match="speed"):
        case(logs.lines([{"step": 1, "speed": 3.0}, {"step": 2, "speed": 4.0}]))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"task": "ranking"}, "allowed: classification"),
        ({"metric": "bleu"}, "allowed"),
        ({"task": "regression", "metric": "accuracy"}, "allowed: r2"),
        ({"classes": 1}, "from 2"),
        ({"classes": 10**9}, "to 1,000,000"),
        ({"epochs": 0}, "from 1"),
        ({"batch_size": 10**15}, "whole number"),
        ({"colour": 3}, "what can"),
    ],
)
def test_what_is_told_is_checked(told: dict[str, object], said: str) -> None:
    with pytest.raises(DiagnosisError, match=said):
        checked(told)


def test_a_recipe_is_not_contradicted() -> None:
    with pytest.raises(DiagnosisError, match="recipe says"):
        checked({"batch_size": 32}, recipe_is_there=True)


def test_a_log_that_is_cut_off_is_not_taken_to_be_whole() -> None:
    data = logs.keras(12)
    whole, cut = case(data), case(data[:-9])
    assert isinstance(whole.events[-1], TrialFinished)
    assert "end" in whole.assumed
    assert not isinstance(cut.events[-1], TrialFinished)
    assert "end" not in cut.assumed
    first, second = [note.text for note in cut.notes if note.kind == "truncated"]
    assert "the last line (13) is cut off" in first
    assert "not taken for the end of the training" in second


def test_a_plan_that_was_reached_tells_that_a_cut_log_is_all_the_same_at_its_end() -> None:
    data = logs.keras(12)[:-9]
    assert isinstance(case(data, epochs=11).events[-1], TrialFinished)
    assert not isinstance(case(data, epochs=20).events[-1], TrialFinished)
    growing = case(data, growing=True)
    assert len([note for note in growing.notes if note.kind == "truncated"]) == 1
