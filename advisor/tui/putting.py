"""Texts into widgets, at no cost where nothing changed."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


def put(widget: Static, content: Content) -> None:
    """Show this text. The screen is laid out anew only where the number of lines changes, so the
    widget must not wrap."""
    before = widget.content
    if isinstance(before, Content):
        if before.is_same(content):
            return
        widget.update(content, layout=before.plain.count("\n") != content.plain.count("\n"))
    else:
        widget.update(content)
