from __future__ import annotations

from typing import Any

import pytest

from advisor.checked import applicable
from advisor.events import ProbeFinished
from tests import simulation

FACTS = {"leaked_share": 0.2, "signal_ratio": 3.0, "one_batch_fitted": True}
CHECK = ProbeFinished("preflight", FACTS, 0.1, 3, 0.1)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, {"leaked_share", "signal_ratio", "one_batch_fitted"}),
        ({"train.epochs": 9}, {"leaked_share", "signal_ratio", "one_batch_fitted"}),
        ({"regularization.dropout": 0.3}, {"leaked_share", "signal_ratio", "one_batch_fitted"}),
        ({"optimizer.lr": 0.01}, {"leaked_share", "signal_ratio"}),
        ({"train.batch_size": 8}, {"leaked_share", "signal_ratio"}),
        ({"model.activation": "relu"}, {"leaked_share"}),
        ({"initialization.gain": 2.0}, {"leaked_share"}),
        ({"data.normalization": "none"}, {"leaked_share"}),
    ],
)
def test_what_still_holds_after_a_change(changes: dict[str, Any], kept: set[str]) -> None:
    start = simulation.recipe()
    (found,) = applicable([(start, CHECK)], start.changed(changes))
    assert set(found.facts) == kept


def test_other_data_have_not_been_looked_at() -> None:
    start = simulation.recipe()
    other = start.changed({"data.source": "sklearn:wine"})
    assert applicable([(start, CHECK)], other) == []
