from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from advisor import data
from advisor.backend import Batches
from advisor.recipe import Recipe
from advisor.steps import StepMaker, even_sizes


def recipe(changes: dict[str, Any] | None = None) -> Recipe:
    made = Recipe.model_validate(
        {
            "task": "classification",
            "data": {"source": "sklearn:digits"},
            "model": {"kind": "cnn", "channels": (4,), "hidden": (8,)},
            "train": {"batch_size": 64, "epochs": 4},
        }
    )
    return made.changed(changes or {})


NAMES = ["conv1.kernel", "conv1.bias", "dense1.kernel", "output.kernel"]


def maker(changes: dict[str, Any] | None = None) -> StepMaker:
    made = recipe(changes)
    return StepMaker(made, data.load(made.data, made.task), NAMES)


@given(st.integers(1, 5000), st.integers(1, 600))
def test_sizes_make_up_the_epoch(steps: int, most: int) -> None:
    sizes = even_sizes(steps, most)
    assert sum(sizes) == steps
    assert max(sizes) <= most
    assert len(set(sizes)) <= 2


def joined(parts: list[Batches], name: str) -> np.ndarray:
    return np.concatenate([getattr(part, name) for part in parts])


CUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "augmented": {
        "regularization.augmentation.flip": True,
        "regularization.augmentation.mixup": 0.4,
    },
    "averaged": {"regularization.average": {"kind": "swa", "start": 0.25}},
    "balanced": {"train.sampling": "balanced"},
}


@pytest.mark.parametrize("changes", CUTS.values(), ids=CUTS)
def test_any_cut_gives_the_same_steps(changes: dict[str, Any]) -> None:
    with maker(changes) as one, maker(changes) as other:
        whole = one.batches(0, one.steps_per_epoch)
        parts = [other.batches(start, 1) for start in range(other.steps_per_epoch)]
    for name in ("rows", "lr", "inputs", "partners", "shares", "average"):
        expected = getattr(whole, name)
        if expected is None:
            assert all(getattr(part, name) is None for part in parts)
        else:
            assert_array_equal(joined(parts, name), expected)


def test_the_hand_over_falls_between_batches() -> None:
    with maker({"optimizer.handover": {"at": 0.5, "lr": 0.5}}) as made:
        half = made.total // 2
        found = list(made.stretches(half - 3, 6))
    assert [part.handed_over for part in found] == [False, True]
    assert (joined(found, "lr") == [0.001] * 3 + [0.5] * 3).all()


def test_layers_thaw_from_the_output_backwards() -> None:
    with maker({"transfer.thaw": 0.5}) as made:
        thawed = [made.batches(epoch * made.steps_per_epoch, 1).scales for epoch in range(4)]
    assert thawed[0] == {**dict.fromkeys(NAMES, 0.0), "output.kernel": 1.0}
    assert thawed[1] is not None
    assert thawed[1]["dense1.kernel"] == 1.0
    assert thawed[1]["conv1.kernel"] == 0.0
    assert thawed[2] is None
    assert thawed[3] is None


def test_steps_made_on_the_host_come_in_small_chunks() -> None:
    with maker({"regularization.augmentation.crop": 1}) as made:
        assert max(made.sizes(1.0)) <= 512
        assert sum(made.sizes(1e30)) == made.steps_per_epoch
