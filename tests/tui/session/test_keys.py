"""Every key of the session screen, and what the driver is told."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList

from advisor import recipe_file
from advisor.host.client import HostError
from advisor.tui.dialogs.ask import AskDialog
from advisor.tui.dialogs.change import ChangeDialog
from advisor.tui.dialogs.path import PathDialog
from advisor.tui.dialogs.pick import PickDialog
from advisor.tui.dialogs.text import TextDialog
from advisor.tui.keys import KEYS
from advisor.tui.reader import Snapshot
from advisor.tui.session import keeping
from advisor.tui.session.live import LivePanel
from advisor.tui.session.messages import HistoryWanted
from advisor.tui.session.proposal import ProposalPanel
from advisor.tui.session.silent import WATCHED
from tests.tui import fed
from tests.tui.one_screen import settled
from tests.tui.session.shown import Shown, shown, text

RECIPE = """\
version: 1
name: digits
task: classification
data: {source: sklearn:digits}
model: {kind: cnn, activation: sigmoid}
optimizer: {kind: adam, lr: 1e-5}
train: {batch_size: 4, epochs: 8}
metric: accuracy
tune: {budget: 60e}
"""


async def told(*keys: str, snapshot: Snapshot | None = None) -> list[tuple[str, Any]]:
    """What the driver is told after these keys."""
    async with shown(snapshot or fed.asking()) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        return app.driver.told


def with_recipe(app: Shown, folder: Path) -> None:
    """The incumbent's recipe as a file, as changes are made to it."""
    app.driver.folder = folder
    (folder / "trials/001").mkdir(parents=True)
    (folder / "trials/001/recipe.yaml").write_text(RECIPE)


ANSWERS: list[tuple[list[str], str, dict[str, Any]]] = [
    (["a"], "try", {"index": 0}),
    (["n", "a"], "try", {"index": 1}),
    (["n", "n", "a"], "try", {"index": 0}),
    (["x"], "refuse", {"index": 0}),
    (["p"], "look", {"index": 0}),
    (["s"], "leave", {"index": 0}),
    (["l", "enter"], "lock", {"index": 0, "fields": ("optimizer.lr",)}),
    (["F", "enter"], "finish", {"index": 0}),
]


async def test_every_answer_is_told_once_for_its_question() -> None:
    async with shown(fed.asking()) as (app, pilot):
        for number, (keys, action, expected) in enumerate(ANSWERS):
            earlier = [{"event": "remark", "text": "asked before"}] * number
            app.session.show(fed.snapshot(fed.began(), earlier, [fed.asked(number)]))
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            assert app.driver.told == [(action, {"ask": number, **expected})]
            app.driver.told.clear()


async def test_what_is_left_tells_nothing() -> None:
    async with shown(fed.asking()) as (app, pilot):
        for keys in (["F", "escape"], ["l", "escape"], ["F", "tab", "enter"], ["b"]):
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            assert app.screen is app.session
        assert app.driver.told == []


async def test_back_to_an_earlier_recipe() -> None:
    decided = fed.snapshot(fed.began(), [fed.asked()], fed.tried(), fed.decided(), [fed.asked(20)])
    answers = await told("b", "enter", snapshot=decided)
    assert answers == [("back", {"ask": 20, "index": 0, "trial": 1})]


async def test_unlocking() -> None:
    locked = [{"event": "locked", "fields": ["optimizer.lr"], "on": True, "all": ["optimizer.lr"]}]
    answers = await told("l", "enter", snapshot=fed.snapshot(fed.began(), locked, [fed.asked()]))
    assert answers == [("unlock", {"ask": 10, "index": 0, "fields": ("optimizer.lr",)})]


async def test_an_answer_is_given_once() -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("a")
        await pilot.press("a", "x", "s")
        assert len(app.driver.told) == 1
        assert "on its way" in text(app, "#proposed")


async def test_a_refused_answer_can_be_given_anew() -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("a")
        remark = {"event": "remark", "text": "another question is open"}
        app.session.show(fed.snapshot(fed.began(), [fed.asked()], [remark]))
        await pilot.press("x")
        assert [what for what, _ in app.driver.told] == ["try", "refuse"]


async def test_without_a_question_the_keys_do_nothing() -> None:
    assert await told("a", "x", "p", "s", "e", "o", "l", "b", "F", snapshot=fed.training()) == []


async def test_auto_takes_no_answers_and_says_so() -> None:
    watched = fed.snapshot(fed.began(), [fed.asked()], driver="auto")
    async with shown(watched) as (app, pilot):
        for key in ("a", "A", "s", "F"):
            await pilot.press(key)
            await pilot.pause()
            assert [note.message for note in app._notifications] == [WATCHED]
            app.clear_notifications()
        assert app.driver.told == []


@pytest.mark.parametrize(
    ("key", "snapshot", "why"),
    [
        ("a", fed.training(), "nothing is proposed at the moment"),
        ("g", fed.asking(), "no training is under way"),
        ("R", fed.asking(), "the session is at work already"),
        ("o", fed.snapshot(fed.began(), driver=None), "R goes on with it"),
    ],
)
async def test_a_key_that_means_nothing_now_says_why(
    key: str, snapshot: Snapshot, why: str
) -> None:
    async with shown(snapshot) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert [why in note.message for note in app._notifications] == [True]


async def test_q_closes_a_dialog_as_it_leaves_a_screen() -> None:
    async with shown(fed.ended()) as (app, pilot):
        assert isinstance(app.screen, AskDialog)
        await pilot.press("q")
        assert app.screen is app.session
        await pilot.press("q")
        await pilot.pause()
        assert app.driver.told == [("close", None)]


async def test_giving_up_a_training() -> None:
    assert await told("g", snapshot=fed.training()) == [("give_up", None)]
    assert await told("g") == []


async def test_the_autopilot_is_handed_over_and_taken_back() -> None:
    assert await told("A") == [("autopilot", True)]
    flying = fed.snapshot(fed.began(), [{"event": "mode", "autopilot": True}])
    assert await told("A", snapshot=flying) == [("autopilot", False)]


async def test_a_driver_that_cannot_be_told_is_no_fault() -> None:
    async with shown(fed.asking()) as (app, pilot):
        app.driver.error = HostError("nothing is at work")
        await pilot.press("a")
        await pilot.pause()
        assert any("nothing is at work" in note.message for note in app._notifications)
        app.driver.error = OSError(28, "No space left on device", "commands.jsonl")
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, AskDialog)


async def test_editing_a_value(tmp_path: Path) -> None:
    async with shown(fed.asking()) as (app, pilot):
        with_recipe(app, tmp_path)
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(app.screen, ChangeDialog)
        field = app.screen.query_one(Input)
        assert field.value == "0.003"
        field.value = "fast"
        await settled(pilot)
        assert "a number greater than 0" in text(app, "#verdict")
        await pilot.press("enter")
        assert app.driver.told == []
        field.value = "0.01"
        await settled(pilot)
        assert "1e-05 -> 0.01" in text(app, "#verdict")
        await pilot.press("enter")
        await pilot.pause()
    expected = {"ask": 10, "index": 0, "change": {"optimizer.lr": 0.01}}
    assert app.driver.told == [("try", expected)]


async def test_an_edit_that_changes_nothing_is_the_proposal(tmp_path: Path) -> None:
    async with shown(fed.asking()) as (app, pilot):
        with_recipe(app, tmp_path)
        await pilot.press("e")
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
    assert app.driver.told == [("try", {"ask": 10, "index": 0})]


async def test_a_change_of_ones_own_as_a_probe(tmp_path: Path) -> None:
    async with shown(fed.asking()) as (app, pilot):
        with_recipe(app, tmp_path)
        await pilot.press("o")
        await settled(pilot)
        app.screen.query_one(Input).value = "model.activation=relu; optimizer.lr=0.01"
        await settled(pilot)
        await pilot.press("ctrl+l")
        await pilot.pause()
    change = {"model.activation": "relu", "optimizer.lr": 0.01}
    assert app.driver.told == [("look", {"ask": 10, "change": change})]


async def test_a_locked_field_cannot_be_changed(tmp_path: Path) -> None:
    locked = [{"event": "locked", "fields": ["optimizer"], "on": True, "all": ["optimizer"]}]
    async with shown(fed.snapshot(fed.began(), locked, [fed.asked()])) as (app, pilot):
        with_recipe(app, tmp_path)
        await pilot.press("o")
        app.screen.query_one(Input).value = "optimizer.lr=0.01"
        await settled(pilot)
        assert "locked: optimizer.lr" in text(app, "#verdict")


async def test_why_tells_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    from textual.content import Content

    from advisor.tui import explaining

    monkeypatch.setattr(explaining, "explained", lambda name, *_: Content(f"all about {name}"))
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("w")
        await settled(pilot)
        assert isinstance(app.screen, TextDialog)
        assert "+ optimizer.lr: 0.003" in text(app, "#text")
        assert text(app, "#more") == "all about range-test"
        await pilot.press("escape")
        await pilot.press("3", "enter")
        await settled(pilot)
        assert text(app, "#more") == "all about slow_learning"
        assert "below 0.5" in text(app, "#text")


async def test_the_log_scale() -> None:
    async with shown(fed.training()) as (app, pilot):
        await pilot.press("y")
        assert app.session.query_one(LivePanel).log_scale
        await pilot.pause()
        assert "(log)" in app.session.query_one("#loss").render_line(0).text


async def test_other_trainings_side_by_side() -> None:
    one = fed.training()
    many = replace(one, live=(fed.live(3), fed.live(4, 2.0)))
    async with shown(many) as (app, pilot):
        panel = app.session.query_one(LivePanel)
        assert panel.shown is many.live[0]
        await pilot.press("t")
        assert panel.shown is many.live[1]
        await pilot.press("t")
        assert panel.shown is many.live[0]


async def test_copying() -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(app.screen, PickDialog)
        await pilot.press("enter")
        await pilot.pause()
        assert app.clipboard == "advisor tui /runs/digits"


async def test_exporting_the_best_recipe(tmp_path: Path) -> None:
    async with shown(fed.asking()) as (app, pilot):
        with_recipe(app, tmp_path)
        await pilot.press("E")
        await pilot.pause()
        assert isinstance(app.screen, PathDialog)
        field = app.screen.query_one(Input)
        assert field.value == "digits-best.yaml"
        field.value = str(tmp_path / "nowhere" / "x.yaml")
        await pilot.press("enter")
        assert isinstance(app.screen, PathDialog)
        field.value = str(tmp_path / "out.yaml")
        await pilot.press("enter")
        await pilot.pause()
    assert recipe_file.read(tmp_path / "out.yaml").name == "digits"


async def test_a_file_is_replaced_only_when_it_is_said_twice(tmp_path: Path) -> None:
    (tmp_path / "out.yaml").write_text("mine")
    async with shown(fed.asking()) as (app, pilot):
        with_recipe(app, tmp_path)
        await pilot.press("E")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / "out.yaml")
        await pilot.press("enter")
        assert (tmp_path / "out.yaml").read_text() == "mine"
        await pilot.press("enter")
        await pilot.pause()
    assert (tmp_path / "out.yaml").read_text() == RECIPE


async def test_the_report_is_written_or_the_dialog_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = [subprocess.CompletedProcess([], 2, "", "no session is there"),
             subprocess.CompletedProcess([], 0, "", "")]  # fmt: skip
    run: list[list[str]] = []

    def report(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        run.append(command[2:])
        return ended[len(run) - 1]

    monkeypatch.setattr(keeping.subprocess, "run", report)
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("r")
        await settled(pilot)
        assert isinstance(app.screen, AskDialog)
        assert "no session is there" in str(app.screen._text)
        await pilot.press("escape", "r")
        await settled(pilot)
        notes = [note.message for note in app._notifications]
        assert "the report is /runs/digits/report.html" in notes
    assert run == [["advisor.cli", "report", "/runs/digits"]] * 2


async def test_history_is_asked_for() -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("h")
        await pilot.pause()
        assert len(app.of(HistoryWanted)) == 1
        assert type(app.screen).__name__ == "HistoryScreen"
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.session


async def test_help_has_a_sentence_for_every_key() -> None:
    async with shown(fed.asking()) as (app, pilot):
        for key in ("question_mark", "f1"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, TextDialog)
            found = " ".join(text(app, "#text").split())
            assert all(key.help in found for key in KEYS)
            await pilot.press("escape")


async def test_leaving_asks_and_tells_the_driver() -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, AskDialog)
        assert "advisor tui /runs/digits" in str(app.screen._text)
        assert "waits ten minutes there for somebody" in str(app.screen._text)
        await pilot.press("escape")
        assert app.screen is app.session
        await pilot.press("q")
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app.driver.told == [("stop", None), ("close", None)]
        assert app.return_code == 0


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_the_usual_ways_out_ask_too(key: str) -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, AskDialog)
        await pilot.press("enter")
        await pilot.pause()
        assert app.driver.told == [("close", None)]


@pytest.mark.parametrize("driver", [None, "auto"])
async def test_nothing_is_asked_where_nothing_would_be_lost(driver: str | None) -> None:
    async with shown(fed.snapshot(fed.began(), driver=driver)) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert app.driver.told == [("close", None)]


async def test_resuming() -> None:
    stopped = fed.snapshot(fed.began(), driver=None)
    async with shown(stopped) as (app, pilot):
        await pilot.press("R")
        await settled(pilot)
        assert app.driver.told == [("resume", None)]
        assert "resuming" in text(app, "TopBar")
        app.driver.error = HostError("the rules have changed")
        await pilot.press("R")
        await settled(pilot)
        assert isinstance(app.screen, AskDialog)
        assert "the rules have changed" in str(app.screen._text)
        app.pop_screen()
        assert "stopped: R resumes" in text(app, "TopBar")


async def test_the_palette_offers_what_holds_now() -> None:
    async with shown(fed.asking()) as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.press(*"refuse")
        await settled(pilot)
        await app.workers.wait_for_complete()
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
    assert app.driver.told == [("refuse", {"ask": 10, "index": 0})]


async def test_the_mouse_does_what_keys_do() -> None:
    async with shown(fed.asking(), (80, 24)) as (app, pilot):
        await pilot.click("PanelTabs", offset=(24, 0))
        await pilot.pause()
        assert app.session.panel == "symptoms"
        await pilot.click("Footer", offset=(12, 0))
        await pilot.pause()
        assert isinstance(app.screen, ChangeDialog) or app._notifications  # e: there is no file
        await pilot.click("Footer", offset=(2, 0))
        await pilot.pause()
        assert app.driver.told == [("try", {"ask": 10, "index": 0})]


async def test_numbers_choose_panels() -> None:
    async with shown(fed.asking(), (80, 24)) as (app, pilot):
        for key, panel in zip(
            "12345", ("live", "proposal", "symptoms", "stages", "log"), strict=True
        ):
            await pilot.press(key)
            assert app.session.panel == panel
        await pilot.press("3")
        assert isinstance(app.focused, OptionList)


async def test_the_proposal_comes_to_the_front_and_goes() -> None:
    async with shown(fed.training(), (80, 24)) as (app, _):
        assert app.session.panel == "live"
        app.session.show(
            fed.snapshot(fed.began(), [fed.asked()], fed.tried(), fed.decided(), [fed.asked(20)])
        )
        assert app.session.panel == "proposal"
        app.session.show(fed.training())
        assert app.session.panel == "live"
        assert app.session.query_one(ProposalPanel).proposal is None
