"""What the session screen makes of what happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.faults import of_fault, of_silence, of_start
from advisor.tui.model import FindingView
from advisor.tui.reader import Reader, Snapshot
from advisor.tui.session.base import SessionBase
from advisor.tui.session.screen import SessionScreen
from advisor.tui.session.symptoms import options
from advisor.tui.session.top import state
from tests.tui import fed
from tests.tui.session.shown import Shown, shown, text
from tests.tui.test_reader import write


@pytest.mark.parametrize(
    ("snapshot", "word"),
    [
        (fed.asking(), "your turn"),
        (fed.training(), "training"),
        (fed.snapshot(fed.began()[:-1]), "probing"),
        (fed.snapshot(fed.began()), "deciding"),
        (fed.snapshot(fed.began(), driver="auto"), "advisor auto: deciding"),
        (fed.snapshot(fed.began(), [{"event": "mode", "autopilot": True}]), "autopilot: deciding"),
        (fed.snapshot(fed.began(), driver=None), "stopped: R resumes"),
        (fed.ended(), "finished"),
    ],
)
def test_the_state_in_a_word(snapshot: Snapshot, word: str) -> None:
    assert state(snapshot)[0] == word


def test_a_newer_snapshot_takes_the_place_of_one_that_waits() -> None:
    one, other = (SessionBase.SnapshotRead(Snapshot()) for _ in range(2))
    assert one.can_replace(other)
    assert not one.can_replace(SessionBase.ReadingFailed(OSError()))


async def test_proposals_are_shown_as_they_are() -> None:
    async with shown(fed.asking()) as (app, pilot):
        found = " ".join(text(app, "#proposed").split())
        for part in (
            "- optimizer.lr: 1e-05",
            "+ optimizer.lr: 0.003",
            "Smith 2017",
            "accepted 3",
            "one training of 8 epochs",
            "dropout-up: model.dropout is locked",
        ):
            assert part in found
        await pilot.press("n")
        assert "Loss [red]falls[/red] slowly." in text(app, "#proposed")


async def test_a_look_is_told_beside_its_proposal() -> None:
    look = {"event": "looked", "rule": "range-test", "trial": 4, "epochs": 3.0, "value": 0.4,
            "incumbent": 0.1, "change": {"optimizer.lr": 0.003}}  # fmt: skip
    async with shown(fed.snapshot(fed.began(), [look], [fed.asked()])) as (app, pilot):
        assert "accuracy 0.4 beside 0.1" in " ".join(text(app, "#proposed").split())
        await pilot.press("n")
        assert "looked" not in text(app, "#proposed")


async def test_the_end_is_told_once() -> None:
    async with shown(fed.ended()) as (app, pilot):
        assert isinstance(app.screen, AskDialog)
        found = str(app.screen._text)
        for part in ("0.11", "0.93", "1e-05 -> 0.003", "/runs/digits/best.yaml", "3 fresh seeds"):
            assert part in found
        await pilot.press("escape")
        app.session.show(replace(fed.ended(), reading=False))
        assert app.screen is app.session


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        ({"kind": "worker", "message": "it died", "detail": "Killed"}, "A training's process died"),
        ({"kind": "user", "message": "the data is gone"}, "The session cannot go on like this"),
        ({"kind": "ours", "message": "KeyError"}, "A fault in advisor"),
        ({"kind": "user", "message": "x: No space left on device"}, "The disk is full"),
    ],
)
async def test_an_error_is_a_dialog(fault: dict[str, Any], title: str) -> None:
    dead = fed.snapshot(fed.began(), [{"event": "error", **fault}], driver=None)
    async with shown(dead) as (app, _):
        assert isinstance(app.screen, AskDialog)
        assert app.screen._title == title
        assert fault["message"] in str(app.screen._text)
        assert "What to do: " in str(app.screen._text)


async def test_a_driver_that_vanishes_is_told() -> None:
    async with shown(fed.training()) as (app, _):
        app.session.show(replace(fed.training(), driver=None))
        assert isinstance(app.screen, AskDialog)
        assert "Killed" in str(app.screen._text)


async def test_one_that_ended_politely_is_not() -> None:
    async with shown(fed.asking()) as (app, _):
        idle = fed.snapshot(
            fed.began(), [fed.asked()], [{"event": "ended", "why": "idle"}], driver=None
        )
        app.session.show(idle)
        assert app.screen is app.session


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("the backend 'jax' is not installed", "The backend is missing"),
        ("recipe.yaml:3: optimizer.lr: found 'x'", "The session cannot begin like this"),
        ("runs: the disk is full", "The disk is full"),
    ],
)
def test_what_keeps_a_session_from_beginning(message: str, title: str) -> None:
    told = of_start(message)
    assert told.title == title
    assert told.advice


def test_control_characters_in_errors_are_shown() -> None:
    for told in (of_fault("ours", "a\x1b[2J", "b\x07"), of_silence("c\x1b]0;")):
        assert "\x1b" not in told.content.plain
        assert "\x07" not in told.content.plain


def test_the_gravest_symptom_comes_first_and_unknown_ones_apart() -> None:
    found = [
        FindingView("label_noise", "not enough data", reads="too short"),
        FindingView("overfitting", "fired", "generalisation"),
        FindingView("slow_learning", "fired", "block"),
        FindingView("dead_units", "fired", "block", explained_by="slow_learning"),
        FindingView("nan", "clear"),
    ]
    names = [option.id for option in options(tuple(found), 40)]
    assert names == ["slow_learning", "overfitting", "dead_units", None, None, "label_noise"]
    clear, unknown = (str(options(tuple(found), 40)[n].prompt) for n in (3, 4))
    assert "1 clear" in clear
    assert "not enough data (1 symptom)" in unknown


async def test_names_from_outside_reach_the_screen_as_text() -> None:
    bad = "[bold]evil[/bold]\x1b[2J"
    began = [fed.BEGUN | {"name": bad, "metric": bad}, *fed.began()[1:]]
    async with shown(fed.snapshot(began, [fed.asked() | {"proposals": [
        fed.PROPOSALS[0] | {"title": bad, "rule": bad, "why": bad, "change": {bad: [1, bad]}}]}])
    ) as (app, pilot):  # fmt: skip
        assert "[bold]evil[/bold]\\x1b[2J" in text(app, "#proposed")
        await pilot.press("l")
        await pilot.pause()
        await pilot.press("escape")


async def test_what_fails_in_a_thread_is_told() -> None:
    class Broken:
        def look(self) -> Snapshot:
            raise KeyError("gone")

    async with shown(fed.asking()) as (app, pilot):
        app.session._watch(Broken())
        await pilot.pause()
        await pilot.pause(0.1)
        assert isinstance(app.screen, AskDialog)
        assert app.screen._title == "A fault in advisor"
        assert "gone" in str(app.screen._text)


async def test_files_that_cannot_be_read_are_told() -> None:
    class Denied:
        def look(self) -> Snapshot:
            raise PermissionError(13, "Permission denied", "journal.jsonl")

    async with shown(fed.asking()) as (app, pilot):
        app.session._watch(Denied())
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, AskDialog)
        assert "journal.jsonl: Permission denied" in str(app.screen._text)


async def test_snapshots_from_a_thread_reach_the_panels(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", [*fed.began(), fed.asked()])
    app = Shown(Snapshot())
    app.session = SessionScreen(app.driver, Reader(tmp_path, lambda: "host"))
    async with app.run_test(size=(80, 24)) as pilot:
        while not (app.session.filled and "range-test" in text(app, "#proposed")):
            await pilot.pause(0.05)
        assert "your turn" in text(app, "TopBar")
