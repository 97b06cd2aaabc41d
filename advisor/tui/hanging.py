"""Texts with a hanging indent: what belongs together stays together at any width."""

from __future__ import annotations

import textwrap

from textual.content import Content

LABEL = 11
NARROWEST = 20
"""Below so many columns for the text it is not indented any more."""


def hanging(
    head: str, text: str, width: int, *, indent: int, style: str = "", head_style: str = "$quiet"
) -> Content:
    """`head`, then the text, whose later lines begin at `indent`."""
    lines = textwrap.wrap(
        text,
        max(indent + NARROWEST, width),
        initial_indent=" " * len(head),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    ) or [" " * len(head)]
    lines[0] = lines[0][len(head) :]
    return Content.assemble((head, head_style), ("\n".join(lines), style))


def row(name: str, text: str, width: int) -> Content:
    """A label, and beside it its text."""
    return hanging(f"{name:<{LABEL}}", text, width, indent=LABEL)
