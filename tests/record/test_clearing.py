"""Gradients that are never cleared are told from all that merely look alike."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import record
from advisor.record import pace
from advisor.record.clearing import Coordinates, Parts
from advisor.record.sources import Watched
from tests.record import loops
from tests.record.reading import fired, history

Floats = np.ndarray[Any, np.dtype[np.float64]]
SIZE = 64


@pytest.fixture(autouse=True)
def looks_are_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """At nearly every step, however slow the machine is."""
    monkeypatch.setattr(pace, "SHARE", 1e9)
    monkeypatch.setattr(pace, "LOOKS", 10**9)


def start(folder: Path) -> record.Recorder:
    return record.start(folder, epochs=5, batch_size=loops.BATCH, classes=loops.CLASSES)


def parts(handed: Floats, before: Floats, fresh: Floats) -> bool | None:
    three = (handed, before, fresh)
    return Parts(*(float(three[i] @ three[j]) for i in range(3) for j in range(i, 3))).kept


def coordinates(before: Floats, now: Floats) -> bool | None:
    same, near = (now == before) & (now != 0), np.abs(now - before) < 1e-5 * np.abs(before)
    held = np.abs(now[same])
    counts = ((before != 0).sum(), ((now == 0) & (before != 0)).sum(), same.sum())
    squares = (before @ before, (now - before) @ (now - before), now @ before)
    return Coordinates(
        *counts, (near & (now != before)).sum(), *squares, held.sum(), held @ held
    ).kept


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 30), st.floats(1e-4, 1), st.floats(-0.9, 0.99))
def test_a_gradient_is_what_it_is_made_of(
    seed: int, longer: float, clipped: float, alike: float
) -> None:
    one, other = np.random.default_rng(seed).standard_normal((2, SIZE))
    fresh, before = one, longer * (alike * one + (1 - abs(alike)) * other)
    assert parts(before + fresh, before, fresh) is True
    assert parts(fresh, before, fresh) is False
    assert parts(clipped * (before + fresh), before, fresh) is not False
    assert parts(clipped * fresh, before, fresh) is not True
    for shrunk in (0.5, 0.9):
        assert parts(shrunk * before + fresh, before, fresh) is not True


def test_gradients_that_hardly_change_are_told_apart_by_their_length() -> None:
    fresh = np.random.default_rng(0).standard_normal(SIZE)
    before = 1.001 * fresh
    assert parts(fresh, before, fresh) is False
    assert parts(before + fresh, before, fresh) is True
    assert parts(0.1 * fresh, before, fresh) is None


def test_a_gradient_that_was_not_caught_says_nothing() -> None:
    some = np.ones(SIZE)
    assert parts(some, np.zeros(SIZE), some) is None
    assert Parts(1.0, np.nan, 1.0, 1.0, 1.0, 1.0).kept is None


def test_units_that_are_off_tell_of_their_gradients() -> None:
    random = np.random.default_rng(0)
    before, fresh = random.standard_normal((2, 1000))
    fresh[:100] = 0.0
    assert coordinates(before, before + fresh) is True
    assert coordinates(before, fresh) is False


def test_what_only_stands_still_was_not_kept() -> None:
    random = np.random.default_rng(0)
    before, fresh = random.standard_normal((2, 1000))
    still = fresh.copy()
    still[:100] = before[:100] = 1e-4 * np.linspace(1, 2, 100)  # a penalty, and nothing else
    assert coordinates(before, still) is not True
    still[:100] = before[:100] = 1.0  # a penalty on the size of the weights
    assert coordinates(before, still) is not True
    drifting = before * (1 + 3e-7 * random.standard_normal(1000))
    assert coordinates(before, np.where(random.random(1000) < 0.1, before, drifting)) is None
    assert coordinates(before, before) is None


LOOPS: dict[str, Callable[..., Any]] = {"torch": loops.torch_loop, "jax": loops.jax_loop}
FORGETFUL: dict[str, dict[str, Any]] = {"torch": {"zero_grad": False}, "jax": {"kept": True}}


def test_a_loop_that_forgets_to_clear(backend_name: str, tmp_path: Path) -> None:
    with start(tmp_path) as log:
        LOOPS[backend_name](log, 5, **FORGETFUL[backend_name])
    assert "gradients_not_cleared" in fired(tmp_path, 5)
    known = record.read_about(tmp_path)
    assert known is not None
    assert "gradient_kept" not in known.unknown


def test_a_sound_loop(backend_name: str, tmp_path: Path) -> None:
    with start(tmp_path) as log:
        LOOPS[backend_name](log, 5)
    told = [chunk.gradient_kept for chunk in history(tmp_path, 5).chunks]
    assert told[0] is None
    assert False in told
    assert True not in told


def torch_steps(
    folder: Path,
    clear: Callable[[Any], None],
    *,
    whole: bool = False,
    portions: int = 1,
    every: int = 1,
    clip: float = 0.0,
) -> list[bool | None]:
    """What is said of a loop with so many backward passes a step, and one step every so many."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    inputs, targets = (torch.from_numpy(part) for part in loops.data())
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    with start(folder) as log:
        for i in range(48):
            if i % every == 0:
                clear(model)
            for _ in range(portions):
                rows = torch.arange(192) if whole else torch.randperm(192)[:16]
                loss = torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows])
                torch.autograd.backward(loss)
            if clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            if i % every == every - 1:
                optimizer.step()
            log.step(loss, lr=0.01, model=model)
    assert not any(p._backward_hooks for p in model.parameters())
    return [chunk.gradient_kept for chunk in history(folder, 5).chunks]


def to_none(model: Any) -> None:
    model.zero_grad()


def in_place(model: Any) -> None:
    model.zero_grad(set_to_none=False)


def behind_the_back(model: Any) -> None:
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.data.zero_()


def not_at_all(model: Any) -> None:
    return None


@pytest.mark.parametrize("clear", [to_none, in_place, behind_the_back])
@pytest.mark.parametrize("told", [{}, {"whole": True}, {"portions": 3}, {"clip": 0.1}])
def test_every_way_to_clear(
    clear: Callable[[Any], None], told: dict[str, Any], tmp_path: Path
) -> None:
    said = torch_steps(tmp_path, clear, **told)
    assert False in said
    assert True not in said


@pytest.mark.parametrize("told", [{}, {"whole": True}, {"portions": 3}, {"clip": 0.1}])
def test_forgetting_shows_however_large_the_batch_is(told: dict[str, Any], tmp_path: Path) -> None:
    said = torch_steps(tmp_path, not_at_all, **told)
    assert said.count(True) >= 3
    assert False not in said
    assert "gradients_not_cleared" in fired(tmp_path, 5)


@pytest.mark.parametrize("every", [2, 3])
def test_portions_that_are_told_one_by_one(every: int, tmp_path: Path) -> None:
    torch_steps(tmp_path, to_none, every=every)
    assert "gradients_not_cleared" not in fired(tmp_path, 5)


def test_a_loop_is_not_changed_by_being_watched(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    with start(tmp_path / "watched") as log:
        watched = loops.torch_loop(log, 2)

    class Blind(record.Recorder):
        def __init__(self) -> None:
            pass

        def step(self, *_: Any, **__: Any) -> None:
            pass

        def evaluated(self, **_: Any) -> None:
            pass

    plain = loops.torch_loop(Blind(), 2)
    for one, other in zip(watched.parameters(), plain.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_model_may_be_saved_and_copied_meanwhile(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from copy import deepcopy

    from advisor.record.torch_source import TorchSource

    model, source = torch.nn.Linear(8, 8), TorchSource()
    torch.autograd.backward(model(torch.ones(2, 8)).sum())
    source.copy(Watched(model))
    assert model.weight._backward_hooks
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.save(model, tmp_path / "model.pt")
        torch.save(model.state_dict(), tmp_path / "state.pt")
        deepcopy(model)
    source.forget()
    assert not model.weight._backward_hooks


def test_sparse_gradients_are_left_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    table = torch.nn.Embedding(50, 4, sparse=True)
    optimizer = torch.optim.SGD(table.parameters(), lr=0.1)
    with start(tmp_path) as log:
        for _ in range(20):
            optimizer.zero_grad()
            loss = table(torch.arange(5)).square().sum()
            torch.autograd.backward(loss)
            optimizer.step()
            log.step(loss, model=table)
    assert {chunk.gradient_kept for chunk in history(tmp_path, 5).chunks} == {None}
