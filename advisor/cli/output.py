"""Standard output: lines for people, or one JSON object a line and nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from advisor.text import clean

if TYPE_CHECKING:
    from rich.console import Console


def write(line: str) -> None:
    """One line, at once: whoever reads it may be following along."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def write_json(value: Mapping[str, Any]) -> None:
    """One JSON object on one line; NaN and infinity become null."""
    from advisor.journal.values import strict

    write(strict(value))


def say(text: str) -> None:
    """Lines of text from outside; control characters are shown, not obeyed."""
    write("\n".join(clean(line) for line in text.split("\n")))


def console() -> Console:
    """The terminal, or plain lines when standard output is no terminal."""
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            """Whoever read it has seen enough; the exit code is the command's to choose."""
            raise BrokenPipeError

    return Terminal(highlight=False, soft_wrap=True)


def pretty(value: Any) -> str:
    """JSON for people and editors."""
    return json.dumps(value, indent=2, ensure_ascii=False)
