from __future__ import annotations

from advisor.control import best_so_far, reached, value_at

POINTS = [(1.0, 0.3), (2.0, 0.2), (4.0, 0.5), (3.0, 0.3)]


def test_the_best_so_far_is_a_staircase() -> None:
    assert best_so_far(POINTS, "accuracy") == ((1.0, 0.3), (4.0, 0.5))
    assert best_so_far(POINTS, "rmse") == ((1.0, 0.3), (2.0, 0.2))
    assert best_so_far([], "accuracy") == ()


def test_a_value_holds_until_the_next() -> None:
    curve = best_so_far(POINTS, "accuracy")
    assert [value_at(curve, spent) for spent in (0.5, 1, 3.9, 4, 9)] == [None, 0.3, 0.3, 0.5, 0.5]


def test_when_a_value_was_reached() -> None:
    curve = best_so_far(POINTS, "rmse")
    assert reached(curve, 0.25, "rmse") == 2.0
    assert reached(curve, 0.3, "rmse") == 1.0
    assert reached(curve, 0.1, "rmse") is None
