"""The text of a recipe: coloured, with lines at fault marked."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from rich.text import Text
from textual.widgets import TextArea

from advisor.tui.yaml_text import spans


class RecipeArea(TextArea):
    """Lines at fault are underlined, so that they stand out without colour as well."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "recipe-area--comment",
        "recipe-area--key",
        "recipe-area--number",
        "recipe-area--string",
        "recipe-area--constant",
        "recipe-area--fault",
    }
    DEFAULT_CSS = """
    RecipeArea {
        & .recipe-area--comment { color: $text 60%; text-style: italic; }
        & .recipe-area--key { color: $text-accent; }
        & .recipe-area--number { color: $text-warning; }
        & .recipe-area--string { color: $text-success; }
        & .recipe-area--constant { color: $text-warning; text-style: bold; }
        & .recipe-area--fault { color: $text-error; text-style: bold underline; }
    }
    """

    def __init__(self, text: str, *, id: str | None = None) -> None:  # noqa: A002 Textual's word
        super().__init__(text, id=id, soft_wrap=True, tab_behavior="indent", show_line_numbers=True)
        self.indent_width = 2
        self._faulty: frozenset[int] = frozenset()

    def mark(self, lines: Collection[int]) -> None:
        """Show these lines, counted from 1, as faulty."""
        if frozenset(lines) != self._faulty:
            self._faulty = frozenset(lines)
            self.notify_style_update()  # forgets the lines as they were drawn
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        for begin, end, role in spans(line.plain):
            line.stylize(self.get_component_rich_style(f"recipe-area--{role}"), begin, end)
        if line_index + 1 in self._faulty:
            line.stylize(self.get_component_rich_style("recipe-area--fault"))
        return line
