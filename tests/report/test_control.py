from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.report.gather.control import control
from advisor.report.views import control_chart

FOUND: dict[str, Any] = {
    "metric": "accuracy",
    "epochs": 40.0,
    "methods": {
        "advisor": {"curve": [[4, 0.2], [8, 0.9]], "trials": 5},
        "random": {"curve": [[6, 0.5], [30, 0.95]], "trials": 7, "pruned": 0},
    },
    "incumbent": {"value": 0.6, "curve": [[4, 0.2], [20, 0.6]]},
    "search_verdict": "Seen as searches, we win.",
    "verdict": "We lose to random search.",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["methods", "curve", "trials", "epochs", "verdict", "incumbent", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


def written(folder: Path, content: str) -> Path:
    (folder / "control").mkdir(exist_ok=True)
    (folder / "control" / "summary.json").write_text(content, encoding="utf-8")
    return folder


def test_without_a_control_there_is_nothing_to_show(tmp_path: Path) -> None:
    assert control(tmp_path) is None


def test_a_control_is_read(tmp_path: Path) -> None:
    found = control(written(tmp_path, json.dumps(FOUND)))
    assert found is not None
    assert found.verdict == "We lose to random search."
    assert found.shares == (10, 25, 50, 100)
    assert found.search_verdict == "Seen as searches, we win."
    kept, ours, theirs = found.methods
    assert (kept.name, kept.at) == ("ours, recommended", (0.2, 0.2, 0.6, 0.6))
    assert (ours.name, ours.trials, ours.at) == ("ours, any training", 5, (0.2, 0.9, 0.9, 0.9))
    assert (theirs.name, theirs.at) == ("random search", (None, 0.5, 0.5, 0.95))
    assert ours.curve[-1] == (40.0, 0.9), "what was found holds to the end"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "no curve"),
        ('{"methods": {"a": {"curve": [[1, "x"], [NaN, 1], [1], 3, [true, 1]]}}}', "no curve"),
    ],
)
def test_what_cannot_be_shown_is_said(content: str, problem: str, tmp_path: Path) -> None:
    found = control(written(tmp_path, content))
    assert found is not None
    assert problem in found.problem


def test_what_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    strange: dict[str, Any] = {"a": {"curve": [[1, 0.5], [10**400, 1]], "trials": "many"}, "b": 3}
    found = control(written(tmp_path, json.dumps({"methods": strange, "epochs": "all"})))
    assert found is not None
    assert [(one.name, one.curve, one.trials) for one in found.methods] == [
        ("a", ((1.0, 0.5),), None)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=JSON)
def test_no_json_is_an_error(found: Any, tmp_path: Path) -> None:
    read = control(written(tmp_path, json.dumps(found)))
    assert read is not None
    assert bool(read.methods) is not bool(read.problem)


def test_all_methods_are_drawn_with_their_names(tmp_path: Path) -> None:
    from advisor.report.gather import gather
    from advisor.report.page import render
    from tests.report import made

    report = gather(made.story(folder=written(tmp_path, json.dumps(FOUND))))
    assert report.control is not None
    drawn = control_chart(report.control, report.head)
    for name in ("ours, recommended", "ours, any training", "random search"):
        assert f">{name}<" in drawn
    page = render(report)
    first, second = page.index(FOUND["verdict"]), page.index(FOUND["search_verdict"])
    assert first < second < page.index("best of many looks")
