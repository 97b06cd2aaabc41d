"""YAML as coloured text: a few patterns, since a grammar would be a dependency for its own sake."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from textual.content import Content

from advisor.text import clean

Role = Literal["comment", "key", "number", "string", "constant"]
Span: TypeAlias = tuple[int, int, Role]
TOKENS = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')"""
    r"|(?P<comment>(?:^|(?<=\s))\#.*$)"
    r"|(?P<key>(?:^|(?<=[\s{,-]))[\w.-]+(?=\s*:(?:\s|$)))"
    r"|(?P<number>(?<![\w.+-])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.:]))"
    r"|(?P<constant>(?<![\w.])(?:true|false|null|yes|no)(?![\w.:]))"
)
STYLES: dict[Role, str] = {
    "comment": "dim italic",
    "key": "$text-accent",
    "number": "$text-warning",
    "string": "$text-success",
    "constant": "$text-warning bold",
}
MOST_OF_LINE = 2_000
"""Characters; what lies beyond stays plain."""


def spans(line: str) -> list[Span]:
    """Begin, end and role of each part that is not plain, in characters."""
    found: list[Span] = []
    for match in TOKENS.finditer(line[:MOST_OF_LINE]):
        role: Role = match.lastgroup  # type: ignore[assignment]
        found.append((match.start(), match.end(), role))
    return found


def coloured(text: str) -> Content:
    """The text for a widget; control characters are shown, not obeyed."""
    return Content("\n").join([_line(clean(line.expandtabs(4))) for line in text.split("\n")])


def _line(text: str) -> Content:
    content = Content(text)
    for begin, end, role in spans(text):
        content = content.stylize(STYLES[role], begin, end)
    return content
