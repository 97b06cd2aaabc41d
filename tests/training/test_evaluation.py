from __future__ import annotations

import numpy as np
import pytest

from advisor.events import ActivationReport
from advisor.training.evaluation import activation_report, fixed_sample


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
