"""A change to try: the values of a proposal, or one of the person's own; checked while typing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Static
from textual.worker import Worker, WorkerState, get_current_worker

from advisor.text import clean, number
from advisor.tui import changing
from advisor.tui.changing import Checked


@dataclass(frozen=True)
class Wanted:
    """What the person decided."""

    action: Literal["try", "look"]
    change: Mapping[str, Any]
    """path -> value"""


class ChangeDialog(ModalScreen[Wanted | None]):
    """`values`: an input for each of a proposal's fields; without them one for any change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("ctrl+l", "look", "As a probe", priority=True),
    ]
    DEFAULT_CSS = """
    ChangeDialog {
        align: center middle;
        & > Vertical {
            width: 84; max-width: 96%; height: auto; max-height: 96%;
            padding: 0 1; border: round $primary; background: $surface;
        }
        & VerticalScroll { height: auto; max-height: 60vh; }
        & Input { height: 3; }
        & Label { color: $text-muted; }
        & #verdict { height: auto; min-height: 2; margin: 0 0 1 0; }
        & Horizontal { height: auto; align-horizontal: right; }
        & Button { margin-left: 1; min-width: 8; }
    }
    """

    @dataclass
    class Judged(Message):
        """The change has been looked at as it was typed."""

        overrides: tuple[str, ...]
        found: Checked

    @dataclass
    class Known(Message):
        """The recipe's fields are known."""

        fields: tuple[str, ...]

    def __init__(
        self,
        title: str,
        recipe: Path,
        values: Mapping[str, Any] | None = None,
        locked: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self._title, self._recipe, self._locked = title, recipe, locked
        self._values = dict(values or {})
        self._found = Checked()
        self._wanted: Literal["try", "look"] | None = None

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            with VerticalScroll(can_focus=False):
                for path, value in self._values.items():
                    yield Label(Content(clean(path)))
                    yield Input(changing.as_text(value), name=path, select_on_focus=False)
                if not self._values:
                    yield Label(Content("path=value; several are parted by ;"))
                    yield Input(placeholder="optimizer.lr=0.01; train.batch_size=32")
            yield Static(id="verdict")
            with Horizontal():
                yield Button("Try it (Enter)", "primary", name="try")
                yield Button("As a probe (Ctrl+L)", name="look")
                yield Button("Cancel", name="")

    def on_mount(self) -> None:
        self.query(Input).first().focus()
        if not self._values:
            self._suggest()
        self._check()

    def _typed(self) -> tuple[str, ...]:
        if not self._values:
            return changing.overrides(self.query_one(Input).value)
        return tuple(f"{one.name}={one.value}" for one in self.query(Input))

    @on(Input.Changed)
    def _check(self) -> None:
        typed = self._typed()
        self._found = Checked()
        self.query_one("#verdict", Static).update(
            Content.styled("checking ..." if typed else "name a field and its value", "$quiet")
        )
        if typed:
            self._judge(typed)

    @work(thread=True, exclusive=True, group="check", exit_on_error=False)
    def _judge(self, typed: tuple[str, ...]) -> None:
        found = changing.checked(self._recipe, typed, self._locked)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Judged(typed, found))

    @work(thread=True, group="fields", exit_on_error=False)
    def _suggest(self) -> None:
        self.post_message(self.Known(changing.fields(self._recipe)))

    @on(Known)
    def _offer(self, message: Known) -> None:
        self.query_one(Input).suggester = SuggestFromList([f"{each}=" for each in message.fields])

    @on(Judged)
    def _show(self, message: Judged) -> None:
        if message.overrides != self._typed():
            return
        self._found = message.found
        self.query_one("#verdict", Static).update(verdict(message.found))
        if self._wanted:
            self._send(self._wanted)

    @on(Worker.StateChanged)
    def _failed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self._found = Checked(fault=str(event.worker.error))
            self.query_one("#verdict", Static).update(verdict(self._found))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._send("try")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.name:
            case "try" | "look" as action:
                self._send(action)
            case _:
                self.dismiss(None)

    def action_look(self) -> None:
        self._send("look")

    def action_leave(self) -> None:
        self.dismiss(None)

    def _send(self, action: Literal["try", "look"]) -> None:
        """At once, or when the check that is under way has found nothing wrong."""
        if self._found.change:
            change = {path: pair[1] for path, pair in self._found.change.items()}
            self.dismiss(Wanted(action, change))
        else:
            self._wanted = None if self._found.fault else action


def verdict(found: Checked) -> Content:
    """What the change comes to, or what is wrong with it."""
    if found.fault:
        return Content.styled("\n".join(f"! {clean(x)}" for x in found.fault.split("\n")), "$error")
    lines = [Content.styled("this changes", "$text-success")]
    for path, (old, new) in found.change.items():
        lines.append(Content(f"  {clean(path)}  {number(old)} -> {number(new)}"))
    return Content("\n").join(lines)
