"""Whatever a log holds, there is a diagnosis or a message, safe to print, and never a warning."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from advisor.cli import diagnose_view
from advisor.diagnosis import Diagnosis, DiagnosisError, judged
from advisor.diagnosis.ours import trained
from advisor.journal.values import strict
from advisor.logs import LogError, read_bytes
from advisor.text import clean
from tests import recorded
from tests.diagnosis import logs
from tests.logs import makers
from tests.logs.test_fuzz import VALUES, mutated

RECIPE = recorded.load("healthy-digits-mlp")[0]


def check(data: bytes, **told: Any) -> bool:
    """Whether there is a diagnosis; all that is printed of it holds no control character."""
    found = attempt(data, **told)
    if isinstance(found, str):
        assert found == clean(found)
        return False
    assert_printable(found)
    return True


def attempt(data: bytes, **told: Any) -> Diagnosis | str:
    """The diagnosis, or the message."""
    try:
        if read_bytes(data, "log").format == "events":
            return judged(trained(read_bytes(data, "log"), RECIPE), logs.rules())
        return logs.diagnosed(data, **told)
    except (LogError, DiagnosisError) as error:
        return str(error)


def assert_printable(found: Diagnosis) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system=None, width=80)
    diagnose_view.told(console, found, everything=True)
    assert all(c.isprintable() or c == "\n" for c in file.getvalue())
    for one in diagnose_view.objects(found, everything=True):
        json.loads(strict(one))


@given(st.binary(max_size=2000))
@settings(max_examples=60)
def test_random_bytes(data: bytes) -> None:
    check(data)


NAMES = st.sampled_from(
    ["step", "epoch", "loss", "val_loss", "lr", "grad_norm", "accuracy", "val_accuracy", "val_r2"]
)
EXTREMES = st.sampled_from(
    [0, -1, 1, 2, 1e-320, 1e30, 1e300, -1e300, 1e400, float("nan"), 10**400, 0.1, 2.3, 100]
)


@given(
    st.lists(st.dictionaries(NAMES, EXTREMES | st.floats() | VALUES, max_size=6), max_size=30),
    st.integers(1, 10),
)
@settings(max_examples=25)
def test_random_rows(rows: list[dict[str, Any]], times: int) -> None:
    check(makers.json_lines((rows or [{}]) * times))


@given(
    st.lists(EXTREMES, min_size=1, max_size=40),
    st.sampled_from(["classification", "binary", "regression", "language_model", "multilabel"]),
    st.integers(2, 10**5),
    st.integers(1, 10**9),
)
@settings(max_examples=25)
def test_random_values_with_everything_told(
    values: list[Any], task: str, classes: int, count: int
) -> None:
    rows = [
        {"step": 10 * i, "loss": v, "val_loss": values[-1 - i], "val_accuracy": v, "val_r2": v}
        for i, v in enumerate(values)
    ]
    told = {"task": task, "classes": classes, "batch_size": count, "epochs": count}
    check(logs.lines(rows), **told, train_examples=count, validation_examples=count)


@pytest.mark.parametrize("name", makers.MAKERS)
def test_mutations_of_good_files(name: str) -> None:
    good, numbers = makers.MAKERS[name][1](), random.Random(name)
    whole = sum(check(mutated(good, numbers)) for _ in range(15))
    assert whole > 0


@given(st.lists(EXTREMES, min_size=10, max_size=10), st.integers(0, 3))
@settings(max_examples=20)
def test_events_with_odd_numbers(values: list[Any], place: int) -> None:
    lines = makers.events().decode().splitlines()
    event = json.loads(lines[place])
    for name, value in zip(sorted(set(event) - {"event"}), values, strict=False):
        if isinstance(event[name], int | float) and not isinstance(event[name], bool):
            event[name] = value
        elif isinstance(event[name], list):
            event[name] = values
    lines[place] = json.dumps(event)
    check("\n".join(lines).encode())


NASTY = "[red]\x1b[2J\x07[/red]\u202e"


def test_names_in_a_log_are_shown_and_not_obeyed() -> None:
    rows = [
        {"step": i, f"train/{NASTY}": 0.5, f"val_{NASTY}": 0.5, "loss": 1 / i, "val_loss": 1 / i}
        for i in range(1, 50)
    ]
    assert check(logs.lines(rows))
