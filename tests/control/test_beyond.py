from __future__ import annotations

from typing import Any

import pytest

from advisor.control.beyond import beyond
from advisor.search import space
from tests.control.simulated import start


@pytest.mark.parametrize(
    ("moved", "outside"),
    [
        ({}, set()),
        ({"optimizer.lr": 0.3, "train.batch_size": 64, "model.hidden": (16,)}, set()),
        ({"optimizer.lr": 3.0}, {"optimizer.lr"}),
        ({"model.hidden": (8, 8)}, {"model.hidden"}),
        ({"initialization.kind": "orthogonal"}, {"initialization.kind"}),
        ({"optimizer.kind": "adamw", "optimizer.lr": 0.001}, set()),
        ({"optimizer.kind": "lion", "optimizer.lr": 0.001}, {"optimizer.kind", "optimizer.lr"}),
    ],
)
def test_what_lies_outside_of_the_searched_space(moved: dict[str, Any], outside: set[str]) -> None:
    before = start()
    found = beyond(before, before.changed(moved), space(before, 1000))
    assert outside <= set(found) <= {*outside, *_of_kinds(outside)}
    assert all(was != now for was, now in found.values())


def _of_kinds(outside: set[str]) -> set[str]:
    """A kind that is not searched brings its own fields along."""
    sections = {path.partition(".")[0] for path in outside if path.endswith(".kind")}
    return {
        path
        for path in ("optimizer.beta1", "optimizer.beta2")
        if path.partition(".")[0] in sections
    }


def test_what_a_searched_change_brings_along_is_found_as_well() -> None:
    before = start(**{"optimizer.kind": "adamw", "regularization.weight_decay": 0.01})
    moved = {
        "optimizer.kind": "sgd",
        "optimizer.lr": 0.1,
        "optimizer.momentum": 0.9,
        "regularization.weight_decay": 0.0,
    }
    assert beyond(before, before.changed(moved), space(before, 1000)) == {}


def test_locks_are_no_change() -> None:
    before = start()
    after = before.changed({"tune.locked": ["optimizer"]})
    assert beyond(before, after, space(before)) == {}
