"""The line above all: which session, what it does now, and what it has spent."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from advisor.text import clean
from advisor.tui.bars import bar
from advisor.tui.putting import put
from advisor.tui.reader import Snapshot

Part = str | tuple[str, str]


class TopBar(Static):
    """One line."""

    DEFAULT_CSS = "TopBar { height: 1; padding: 0 1; background: $panel; color: $foreground; }"

    def show(self, snapshot: Snapshot) -> None:
        put(self, content(snapshot, self.size.width))


def content(snapshot: Snapshot, width: int) -> Content:
    session = snapshot.session
    if not session.known:
        return Content("reading the session ..." if snapshot.reading else "waiting for the session")
    word, style = state(snapshot)
    parts: list[Part] = [(clean(session.name), "bold"), "  ", (f" {word} ", style), "  "]
    size = 20 if width >= 100 else 10
    share = session.budget.share
    spent = session.budget.text or f"0 of {session.limit}"
    parts += [(bar(share, size), "$primary"), f" {clean(spent)}"]
    best = session.incumbent
    if best is not None and best.value is not None:
        parts.append(f"  best {clean(session.metric)} {best.value:.4g}")
    if width >= 100:
        device = next((trial.device for trial in snapshot.live if trial.device), session.device)
        parts.append((f"  {clean(session.backend)} on {clean(device)}", "$quiet"))
        parts.append((f"  seed {session.seed}", "$quiet"))
    return Content.assemble(*parts)


def state(snapshot: Snapshot) -> tuple[str, str]:
    """What the session does now in a few words, and their style."""
    session = snapshot.session
    if session.ended == "finished" or session.summary:
        return "finished", "bold $text-success"
    if snapshot.driver is None:
        return "stopped: R resumes", "bold reverse $text-warning"
    doing = _doing(snapshot)
    if snapshot.driver == "auto":
        return f"advisor auto: {doing}", "bold $text-primary"
    if session.autopilot:
        return f"autopilot: {doing}", "bold $text-primary"
    if session.question is not None:
        return "your turn", "bold reverse $text-warning"
    return doing, "bold $text-success"


def _doing(snapshot: Snapshot) -> str:
    session = snapshot.session
    probes = {probe.number for probe in session.probes[-4:]}
    running = session.running
    if not running:
        return "deciding"
    if all(number in probes for number in running):
        return "probing"
    return "training" if len(running) == 1 else f"training {len(running)} side by side"
