from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.tui.history.evidence import bar, differences, told
from advisor.tui.history.rows import KEYS, Arrangement, Row, Rows, recipe_of
from advisor.tui.model import Grown, SessionView, TrialView
from tests.tui.history.made import DECISIONS, TRIALS, many, session, steered


def numbers(asked: Arrangement, view: SessionView | None = None) -> list[int]:
    return [row.number for row in Rows().arranged(view or session(), asked)]


def test_all_trials_and_probes_are_there_by_number() -> None:
    assert numbers(Arrangement()) == [1, 3, 4, 5, 6, 7, 8, 9]
    assert numbers(Arrangement(reverse=True)) == [9, 8, 7, 6, 5, 4, 3, 1]


def test_what_a_person_did_stands_where_it_was_done() -> None:
    rows = Rows().arranged(steered(), Arrangement())
    assert [row.label or row.verdict for row in rows] == [
        *("1", "3", "4", "refused", "5", "6", "7", "locked", "8", "returned", "9"),
    ]
    assert len({row.number for row in rows}) == len(rows)
    assert numbers(Arrangement(words=("refused", "memory")), steered()) == [-1]
    assert numbers(Arrangement(words=("locked", "activation")), steered()) == [-2]
    assert [row.number for row in rows if row.title.startswith("edited: ")] == [8]


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (-1, ["you refused this proposal, batch_size", "lower-batch", "4 -> 2", "after 4"]),
        (-2, ["you locked fields", "model.activation\ntrain.batch_size", "after 7"]),
        (-3, ["you returned to an earlier recipe", "to trial 4, away from trial 8", "reopens"]),
        (8, ["with values of your own"]),
    ],
)
def test_what_a_person_did_is_told(number: int, parts: list[str]) -> None:
    [row] = [row for row in Rows().arranged(steered(), Arrangement()) if row.number == number]
    text = str(told(row, None, "accuracy", 40))
    assert [part for part in parts if part not in text] == []


def test_rows_without_a_value_come_last_either_way() -> None:
    assert numbers(Arrangement("value"))[:4] == [1, 4, 5, 8]
    assert numbers(Arrangement("value", True))[:4] == [8, 5, 4, 1]
    assert {*numbers(Arrangement("loss", True))[4:]} == {3, 6, 7, 9}  # NaN is no value


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("accepted",), [4, 8]),
        (("OPTIMIZER.lr".lower(), "learning"), [6, 8]),
        (("range",), [3, 8]),
        (("memory",), [7]),
        (("no such thing",), []),
    ],
)
def test_every_word_of_the_filter_must_be_there(words: tuple[str, ...], found: list[int]) -> None:
    assert numbers(Arrangement(words=words)) == found


def test_only_what_changed_is_made_again() -> None:
    rows, trials = Rows(), list(TRIALS)
    view = replace(session(), trials=Grown.of(trials))
    before = {row.number: row for row in rows.arranged(view, Arrangement())}
    trials[-1] = replace(trials[-1], status="finished", value=0.9)
    after = {row.number: row for row in rows.arranged(view, Arrangement())}
    assert [n for n in after if after[n] is not before[n]] == [9]
    assert after[9].value == 0.9


def test_the_latest_decision_on_a_trial_counts() -> None:
    rows, decisions = Rows(), list(DECISIONS)
    view = replace(session(), decisions=Grown.of(decisions))
    assert rows.decision(view, 5) == DECISIONS[1]
    assert rows.decision(view, 9) is None
    decisions.append(replace(DECISIONS[1], verdict="accepted"))
    later = replace(view, decisions=Grown.of(decisions))
    found = rows.decision(later, 5)
    assert found is not None
    assert found.verdict == "accepted"
    assert rows.decision(replace(view, decisions=Grown()), 5) is None


def test_the_recipe_of_a_trial_is_its_incumbents_changed() -> None:
    view = session()
    found = recipe_of(view, TRIALS[3])
    assert found["model.activation"] == "relu"
    assert found["optimizer.lr"] == 0.1
    assert recipe_of(view, TRIALS[0])["model.activation"] == "sigmoid"
    [difference] = differences(recipe_of(view, TRIALS[3]), recipe_of(view, TRIALS[4]))
    assert difference == ("optimizer.lr", "0.1", "0.003")


def test_text_from_outside_is_shown_not_obeyed() -> None:
    odd = TrialView(1, "can\x1b[2Jdidate", changes={"[red]x": "\x1b]0;t\x07"}, why="\x9b1m",
                    rule="[bold]r", status="failed", message="\x1b[31m")  # fmt: skip
    view = SessionView(trials=Grown.of([odd]))
    [row] = Rows().arranged(view, Arrangement())
    texts = [getattr(row, name) for name in Row.__slots__ if name not in ("of", "searched")]
    assert all(text.isprintable() for text in texts if isinstance(text, str))
    shown = told(row, None, "accuracy", 40).plain
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "[red]x" in shown


@given(*[st.floats(-1e6, 1e6)] * 3, st.integers(12, 60))
def test_an_interval_is_drawn_in_order(a: float, b: float, c: float, width: int) -> None:
    low, gain, high = sorted((a, b, c))
    line = bar(low, gain, high, width)
    assert len(line) == width
    assert line.count("●") == 1
    assert line.rfind("[") <= line.index("●") <= (line + "]").rindex("]")


def test_every_key_sorts_a_long_history() -> None:
    view = many(500)
    rows = Rows()
    for key in KEYS:
        found = [KEYS[key](row) for row in rows.arranged(view, Arrangement(key))]
        known = [value for value in found if value not in (None, "")]
        assert known == sorted(known)
        assert len(found) == 500
