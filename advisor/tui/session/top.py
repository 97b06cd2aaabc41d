"""The line above all: which session, what it does now, and what it has spent."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from advisor.text import clean
from advisor.tui.bars import bar
from advisor.tui.model import SessionView
from advisor.tui.putting import put
from advisor.tui.reader import Snapshot

Part = str | tuple[str, str]


class TopBar(Static):
    """One line."""

    DEFAULT_CSS = "TopBar { height: 1; padding: 0 1; background: $panel; color: $foreground; }"

    _shown: tuple[Snapshot, bool] | None = None

    def show(self, snapshot: Snapshot, resuming: bool = False) -> None:
        """`resuming`: a process that drives it is being started."""
        self._shown = snapshot, resuming
        put(self, content(snapshot, self.size.width, resuming))

    def on_resize(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)


def content(snapshot: Snapshot, width: int, resuming: bool = False) -> Content:
    session = snapshot.session
    if not session.known:
        return Content("reading the session ..." if snapshot.reading else "waiting for the session")
    word, style = ("reading", "$quiet") if snapshot.reading else state(snapshot, resuming)
    parts: list[Part] = [(clean(session.name), "bold"), "  ", (f" {word} ", style), "  "]
    size = 20 if width >= 100 else 10
    share = session.budget.share
    spent = session.budget.text or f"0 of {session.limit}"
    parts += [(bar(share, size), "$primary"), f" {clean(spent)}"]
    parts.append(_reached(session, width))
    if width >= 100:
        device = next((trial.device for trial in snapshot.live if trial.device), session.device)
        parts.append((f"  {clean(session.backend)} on {clean(device)}", "$quiet"))
        parts.append((f"  seed {session.seed}", "$quiet"))
    return Content.assemble(*parts)


def _reached(session: SessionView, width: int) -> str:
    """The value of the recipe that holds now; and of the best, where that is another, or of what
    leads though it is not shown to be better."""
    now, best = session.incumbent, session.best
    if now is None or now.value is None:
        return ""
    metric = clean(session.metric)
    if best is None or best.value is None or best.trial == now.trial:
        told, ahead = f"  best {metric} {now.value:.4g}", session.leader
        leads = ahead is not None and ahead.value is not None and width >= 100
        return f"{told} ({ahead.value:.4g} leads)" if ahead and leads else told
    told = f"  current {metric} {now.value:.4g}"
    return f"{told} (best {best.value:.4g} of trial {best.trial})" if width >= 100 else told


def state(snapshot: Snapshot, resuming: bool = False) -> tuple[str, str]:
    """What the session does now in a few words, and their style."""
    session = snapshot.session
    if session.ended == "finished" or session.summary:
        return "finished", "bold $text-success"
    if snapshot.driver is None and resuming:
        return "resuming", "bold $text-primary"
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
