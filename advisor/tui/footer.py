"""The line of keys at the bottom of every screen: one widget, drawn as one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.binding import ActiveBinding
from textual.content import Content
from textual.events import Click, Leave, MouseMove
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

HELP = ("f1", "F1", "Help", "The keys of this screen.")
PALETTE = ("ctrl+p", "^p", "Commands", "All commands by name, among them the themes.")
LEAVING = ("leave", "screen.leave", "app.quit", "quit")
"""actions of keys that lead away from a screen; one of them is always shown"""
HELPING = ("app.help", "help")


@dataclass(frozen=True)
class Part:
    """One key of the line."""

    key: str
    shown: str
    label: str
    told: str = ""
    """when the mouse is over it"""
    enabled: bool = True
    pinned: bool = False
    """never left out"""

    @property
    def width(self) -> int:
        return cell_len(self.shown) + cell_len(self.label) + 3


class Footer(Widget):
    """The keys that hold now, in the order of the bindings, as many as there is room for; help and
    the way out always. A click presses the key."""

    ALLOW_SELECT = False
    hovered: reactive[str] = reactive("")
    """key under the mouse"""
    DEFAULT_CSS = """
    Footer {
        dock: bottom;
        height: 1;
        color: $footer-foreground;
        background: $footer-background;
        &:hover { pointer: pointer; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[Part, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look)
        self._look(self.screen)

    def _look(self, screen: Screen[object]) -> None:
        found = parts(self, screen.active_bindings.values())
        if found != self._parts:
            self._parts = found
            self.refresh()

    @property
    def shown(self) -> list[Part]:
        """What there is room for."""
        return fitting(self._parts, self.size.width)

    def render(self) -> Content:
        return Content.assemble(*(self._drawn(part) for part in self.shown))

    def _drawn(self, part: Part) -> Content:
        back = " on $block-hover-background" if part.key == self.hovered else ""
        dim = "" if part.enabled else "dim "
        return Content.assemble(
            (f" {part.shown} ", f"{dim}bold $footer-key-foreground{back}"),
            (f"{part.label} ", f"{dim}$footer-description-foreground{back}"),
        )

    def _at(self, x: int) -> Part | None:
        for part in self.shown:
            if x < part.width:
                return part
            x -= part.width
        return None

    def on_mouse_move(self, event: MouseMove) -> None:
        part = self._at(event.x)
        self.hovered = part.key if part else ""
        self.tooltip = part.told or None if part else None

    def on_leave(self, _: Leave) -> None:
        self.hovered = ""

    def on_click(self, event: Click) -> None:
        part = self._at(event.x)
        if part is None:
            return
        if part.enabled:
            self.app.simulate_key(part.key)
        else:
            self.app.bell()


def parts(footer: Widget, active: Iterable[ActiveBinding]) -> tuple[Part, ...]:
    """One for each action that is shown, then help and all commands where no key shown has them."""
    found: dict[str, Part] = {}
    for _, binding, enabled, tooltip in active:
        if binding.show and binding.action not in found:
            found[binding.action] = Part(
                binding.key,
                footer.app.get_key_display(binding),
                binding.description,
                tooltip or binding.description,
                enabled,
                binding.action in (*HELPING, *LEAVING),
            )
    if not any(action in found for action in HELPING):
        found[HELPING[0]] = Part(*HELP, pinned=True)
    return (*found.values(), Part(*PALETTE))


def fitting(known: Sequence[Part], width: int) -> list[Part]:
    """As many as fit into this width: the first ones, and all that are pinned."""
    room = width - sum(part.width for part in known if part.pinned)
    found = []
    for part in known:
        if part.pinned:
            found.append(part)
            continue
        room -= part.width
        if room >= 0:
            found.append(part)
    return found
