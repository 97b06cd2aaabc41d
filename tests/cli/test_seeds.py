from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from advisor.cli.seeds import Outcome, line, table


def summary(before: float, after: float, test: float | None) -> dict[str, Any]:
    return {
        "baseline": {"value": before},
        "best": {"value": after},
        "estimate": None,
        "test": None if test is None else {"value": test},
        "cost": {"epochs": 10.0},
        "session": "runs/x",
    }


OUTCOMES = [Outcome.of(0, summary(0.5, 0.8, 0.7)), Outcome.of(1, summary(0.7, 0.9, None))]


def test_mean_and_deviation_are_of_what_is_there() -> None:
    found = line(OUTCOMES, "accuracy")
    assert found["mean"]["before"] == pytest.approx(0.6)
    assert found["deviation"]["after"] == pytest.approx(0.0707, abs=1e-4)
    assert (found["mean"]["test"], found["deviation"]["test"]) == (0.7, None)
    assert (found["mean"]["estimate"], found["deviation"]["estimate"]) == (None, None)


def test_the_table_has_a_row_a_seed_and_no_column_without_values() -> None:
    written = io.StringIO()
    Console(file=written, width=120).print(table(OUTCOMES, "accuracy"))
    text = written.getvalue()
    assert "fresh seeds" not in text
    assert [word for word in ("mean", "deviation", "0.8", "0.7") if word not in text] == []
