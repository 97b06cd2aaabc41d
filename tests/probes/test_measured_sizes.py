from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from advisor import data
from advisor.backend import load_backend
from advisor.probes.measured_sizes import _larger, _places, _sized
from advisor.recipe import Recipe
from advisor.steps import StepMaker
from advisor.training import prepare


@pytest.mark.parametrize("augmentation", [{}, {"noise": 0.1, "mixup": 0.2}])
def test_a_step_with_a_quarter_more_examples(
    backend_name: str, augmentation: dict[str, Any]
) -> None:
    """What is asked for beside the timed steps on an accelerator, where memory ends a step."""
    recipe = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp", "hidden": (8,)},
            "regularization": {"augmentation": augmentation},
            "train": {"batch_size": 24, "accumulation": 4},
        }
    )
    dataset = data.load(recipe.data, recipe.task)
    training = load_backend(backend_name).start(prepare(recipe, dataset, "cpu"))
    with StepMaker(recipe, dataset, list(training.weights())) as maker:
        larger = _larger(maker.batches(0, 2), 4)
    assert larger.rows.shape == (1, 32)
    assert np.isfinite(training.run(larger).loss).all()


def test_runs_lie_within_epochs() -> None:
    assert list(islice(_places(5), 5)) == [0, 2, 5, 7, 10]
    with pytest.raises(ValueError, match="at least 2 steps"):
        next(_places(1))


def test_a_size_is_trained_with_one_optimizer_and_for_long_enough() -> None:
    recipe = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "mlp"},
            "optimizer": {"kind": "adam", "handover": {"at": 0.5, "lr": 0.1}},
            "train": {"epochs": 2},
        }
    )
    made = _sized(recipe, 64)
    assert made.train.batch_size == 64
    assert made.train.epochs == 10
    assert made.flat().get("optimizer.handover.at") is None
