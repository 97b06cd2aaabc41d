"""What a person sees of the last decision, of intervals, and of where the session is."""

from __future__ import annotations

from typing import Any

import pytest

from advisor import estimates
from advisor.tui.model import bounds
from advisor.tui.session import ending
from advisor.tui.session.log import LogPanel
from advisor.tui.session.top import content as top
from advisor.tui.session.verdict import words
from tests.tui import fed
from tests.tui.session.shown import shown, text

LINE = "last: + accepted 0.11 -> 0.93, gain [+0.79, +0.85]: range-test"
RETURNED: list[dict[str, Any]] = [
    {"event": "returned", "stage": "learning_rate", "trial": 1, "from": 3, "reopens": []},
    {"event": "incumbent", "trial": 1, "recipe": fed.RECIPE, "value": 0.11, "why": "returned"},
]


def again(*lines: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """A session in which a change was accepted; what came then."""
    return [fed.began(), [fed.asked()], fed.tried(), fed.decided(), [*lines]]


@pytest.mark.parametrize("key", ["1", "2"])
async def test_the_last_verdict_is_where_the_person_is(key: str) -> None:
    async with shown(fed.snapshot(*again(fed.asked(20))), (80, 24)) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert LINE in text(app, "#now" if key == "1" else "#proposed")


async def test_it_is_there_while_the_next_one_trains() -> None:
    trial = fed.tried()[1] | {"trial": 4}
    async with shown(fed.snapshot(*again(trial)), (80, 24)) as (app, _):
        assert LINE in text(app, "#now")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"origin": "edited", "verdict": "rejected"}, "- rejected 0.11 -> 0.93, gain [+0.79, +0.85]"
         ": range-test, edited"),
        ({"origin": "own"}, "+ accepted 0.11 -> 0.93, gain [+0.79, +0.85]: your own change"),
        ({"high": 1.07}, "+ accepted 0.11 -> 0.93, gain [+0.79, +1]: range-test"),
        ({"gain": None, "low": None, "high": None}, "+ accepted 0.11 -> 0.93: range-test"),
    ],
)  # fmt: skip
def test_a_verdict_in_words(more: dict[str, Any], told: str) -> None:
    result, decision, incumbent = fed.decided()
    lines = [result, decision | more, incumbent]
    found = fed.view(fed.began(), [fed.asked()], fed.tried(), lines)
    assert words(found.decisions[-1]) == told


def test_the_header_tells_the_current_recipe_from_the_best() -> None:
    best = fed.snapshot(*again())
    assert "  best accuracy 0.93" in top(best, 120).plain
    back = fed.snapshot(*again(*RETURNED))
    assert "  current accuracy 0.11 (best 0.93 of trial 3)" in top(back, 120).plain
    assert "  current accuracy 0.11  " in f"{top(back, 80).plain}  "
    assert "best" not in top(back, 80).plain


def test_where_less_is_better_the_least_is_best() -> None:
    begun = fed.BEGUN | {"metric": "rmse", "larger_is_better": False}
    values = (2.0, 1.0, 1.5)
    lines = [RETURNED[1] | {"trial": n, "value": value} for n, value in enumerate(values)]
    found = fed.view([begun], lines)
    assert found.best is not None
    assert (found.best.value, found.incumbent and found.incumbent.value) == (1.0, 1.5)


def test_the_end_names_a_better_recipe_that_was_left() -> None:
    ended = fed.view(*again(*RETURNED, fed.SUMMARY | {"changes": {}}))
    found = ending.content(ended, fed.FakeDriver().folder).plain
    assert "you went back to trial 1; trial 3 had 0.93" in found
    assert "is the best" not in found


async def test_the_log_opens_at_its_newest_line_and_stays_there() -> None:
    old = [{"event": "remark", "text": f"remark {n}"} for n in range(60)]
    async with shown(fed.snapshot(fed.began(), old), (80, 24)) as (app, pilot):
        await pilot.press("5")
        await pilot.pause()
        await pilot.pause()
        panel = app.session.query_one(LogPanel)
        assert panel.max_scroll_y > 0
        assert panel.scroll_y == panel.max_scroll_y
        panel.scroll_home(animate=False)
        await pilot.pause()
        app.session.show(fed.snapshot(fed.began(), old, old[:9]))
        await pilot.pause()
        assert panel.scroll_y == 0
        panel.scroll_end(animate=False)
        await pilot.pause()
        app.session.show(fed.snapshot(fed.began(), old, old[:9], old[:9]))
        await pilot.pause()
        await pilot.pause()
        assert panel.scroll_y == panel.max_scroll_y > 40


@pytest.mark.parametrize(
    ("metric", "value", "within"),
    [("accuracy", 1.02, 1.0), ("f1", -0.1, 0.0), ("r2", 1.1, 1.0), ("r2", -3.0, -3.0),
     ("rmse", 7.0, 7.0), ("accuracy", 0.5, 0.5), ("accuracy", None, None)],
)  # fmt: skip
def test_a_metric_stays_within_what_it_can_be(
    metric: str, value: float | None, within: float | None
) -> None:
    assert bounds.metric_value(metric, value) == within


def test_the_metrics_with_bounds_are_those_of_the_engine() -> None:
    assert bounds.SHARES == estimates.SHARES
    assert (bounds.gain("accuracy", -1.2), bounds.gain("r2", 1.2)) == (-1.0, 1.2)


def test_the_interval_at_the_end_is_clipped() -> None:
    wide = {"metric": "accuracy", "value": 0.99, "high": 1.03, "low": 0.97, "seeds": [1, 2, 3]}
    ended = fed.view(*again(fed.SUMMARY | {"estimate": wide}))
    assert "(95 %: 0.97 to 1)" in ending.content(ended, fed.FakeDriver().folder).plain


def test_the_top_line_tells_what_leads_where_there_is_room() -> None:
    leads = {"event": "decision", "stage": "learning_rate", "rule": "cosine", "trial": 4,
             "verdict": "undecided", "value": 0.95, "incumbent": 0.93, "leads": True}  # fmt: skip
    snapshot = fed.snapshot(*again(leads))
    assert "best accuracy 0.93 (0.95 leads)" in top(snapshot, 120).plain
    assert "leads" not in top(snapshot, 80).plain
    assert "leads" not in top(fed.snapshot(*again()), 120).plain
