"""The keys of a screen, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.screen import Screen

from advisor.text import clean
from advisor.tui.hanging import hanging
from advisor.tui.keys import GROUPS, KEYS

SHOWN = {
    "question_mark": "?", "slash": "/", "escape": "Esc", "enter": "Enter", "space": "Space",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right", "pageup": "PgUp",
    "pagedown": "PgDn", "tab": "Tab", "f1": "F1", "f2": "F2", "f3": "F3", "f8": "F8",
}  # fmt: skip
WIDTH = 10
EVERYWHERE = (
    ("F1, ?", "These keys."),
    ("Ctrl+P", "All commands by name, among them the themes."),
    ("Tab", "The next part of the screen; arrows and the mouse wheel scroll it."),
    ("Ctrl+C", "Leave the screen."),
    ("Ctrl+Q", "Leave advisor; a session that runs can go on."),
)


def content(screen: Screen[object], width: int) -> Content:
    """All keys that hold on this screen."""
    from advisor.tui.session.screen import SessionScreen

    lines = list(_of_session(width) if isinstance(screen, SessionScreen) else _of(screen, width))
    lines += [Content(""), Content.styled("Everywhere", "bold $text-primary")]
    lines += [_line(key, told, width) for key, told in EVERYWHERE]
    return Content("\n").join(lines)


def _of_session(width: int) -> Iterator[Content]:
    for group, title in GROUPS.items():
        yield Content.styled(title, "bold $text-primary")
        for key in KEYS:
            if key.group == group:
                yield _line(key.shown or key.key, key.help, width)
        if group == "view":
            yield _line("Enter", "On a symptom: what it means.", width)


def _of(screen: Screen[object], width: int) -> Iterator[Content]:
    """Of any other screen, from its bindings."""
    yield Content.styled(clean(screen.title or "keys"), "bold $text-primary")
    for key, binding in screen._bindings:
        if told := binding.tooltip or binding.description:
            yield _line("+".join(part.capitalize() if "+" in key else SHOWN.get(part, part)
                                 for part in key.split("+")), told, width)  # fmt: skip


def _line(key: str, told: str, width: int) -> Content:
    return hanging(f"{key:<{WIDTH}}", clean(told), width, indent=WIDTH, head_style="bold")
