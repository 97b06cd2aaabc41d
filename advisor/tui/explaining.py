"""What a rule or a symptom means: the text of `advisor explain`, made by a child process so that
the screen never waits for what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from textual.content import Content

from advisor.text import clean
from advisor.tui.hanging import row

TIMEOUT = 60.0


def explained_in(folder: Path, name: str, width: int) -> Content:
    """The same, with the rules that the session in this folder was begun with."""
    return explained(name, _rules_of(folder), width)


@lru_cache(maxsize=16)
def _rules_of(folder: Path) -> tuple[Path, ...]:
    from advisor import ledger

    try:
        return tuple(Path(place) for place in ledger.read(folder).header.get("rule_folders", ()))
    except ledger.LedgerError:
        return ()


@lru_cache(maxsize=128)
def explained(name: str, rules: tuple[Path, ...], width: int) -> Content:
    """All that is known of this name, in lines of this width. Takes a second or two: call it
    from a thread."""
    command = [sys.executable, "-m", "advisor.cli", "explain", name, "--json", *_rules(rules)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Content(f"this could not be looked up: {clean(error)}")
    if done.returncode:
        return Content("\n".join(clean(line) for line in done.stderr.splitlines()))
    found = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    return Content("\n\n").join(_laid_out(each, width) for each in found)


def _rules(folders: Sequence[Path]) -> list[str]:
    return [part for folder in folders for part in ("--rules", str(folder))]


def _laid_out(entry: dict[str, Any], width: int) -> Content:
    lines = [
        Content.styled(f"{clean(entry.get('name'))} ({clean(entry.get('kind'))})", "bold"),
        Content.styled(clean(entry.get("title", "")), "$text-primary"),
    ]
    for heading, value in entry.items():
        if heading in ("event", "name", "kind", "title", "experience") or not value:
            continue
        texts = value if isinstance(value, list) else [value]
        for place, text in enumerate(texts):
            head = clean(heading) if place == 0 else ""
            lines.append(row(head, clean(text), width))
    return Content("\n").join(lines)
