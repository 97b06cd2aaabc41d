from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.architecture import Activation
from advisor.events import ActivationReport
from advisor.recipe import Recipe
from advisor.training.evaluation import Judge, activation_report, fixed_sample


def test_a_unit_is_dead_that_hardly_ever_fires() -> None:
    values = np.ones((200, 4))
    values[:, 0] = 0
    values[1:, 1] = 0
    assert activation_report("relu", values).dead == 0.5
    assert activation_report("tanh", values).dead == 0


def test_a_channel_is_alive_where_any_position_is() -> None:
    values = np.zeros((100, 3, 3, 2))
    values[:, 1, 2, 0] = 1
    assert activation_report("relu", values).dead == 0.5


@pytest.mark.parametrize(("kind", "flat"), [("tanh", -1.0), ("sigmoid", 1.0), ("sigmoid", 0.0)])
def test_a_unit_is_saturated_that_sits_in_the_flat_zone(kind: str, flat: float) -> None:
    values = np.full((100, 2), 0.4)
    values[:95, 1] = flat
    assert activation_report(kind, values) == ActivationReport(0.0, 0.5, float(values.std()))


def test_the_sample_is_fixed_and_sorted() -> None:
    rows = fixed_sample(100, 20)
    assert len(set(rows.tolist())) == 20
    assert (np.diff(rows) > 0).all()
    assert (rows == fixed_sample(100, 20)).all()


@pytest.mark.parametrize(
    ("examples", "epochs", "inspected"),
    [
        (6400, 1, [1]),
        (6400, 2, [1, 2]),
        (6400, 8, [2, 4, 6, 8]),
        (6400, 9, [1, 3, 5, 7, 9]),
        (1280, 8, [4, 8]),
        (1280, 100, [25, 50, 75, 100]),
        (256, 60, [10, 35, 60]),
    ],
)
def test_inspections_are_few_and_end_with_the_last_evaluation(
    examples: int, epochs: int, inspected: list[int]
) -> None:
    split = data.Split(np.zeros((examples, 2)), np.zeros(examples, int))
    dataset = data.Dataset("classification", split, split, 2, None, 0.0, 1.0, "", 0)
    recipe = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp"},
            "train": {"epochs": epochs},
        }
    )
    judge = Judge(recipe, dataset, (Activation("first", "relu"),))

    class Inspected:
        def activations(self, inputs: Any) -> dict[str, Any]:
            return {"first": np.ones((len(inputs), 3))}

    training: Any = Inspected()
    found = [n for n in range(1, epochs + 1) if judge.activations(training, n, last=n == epochs)]
    assert found == inspected
