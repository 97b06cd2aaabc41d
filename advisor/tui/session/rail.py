"""The stages in their order: where we are, what each came to, and what is left of the budget."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from advisor.text import clean, counted
from advisor.tui.bars import bar, duration, percent
from advisor.tui.hanging import hanging
from advisor.tui.model import SessionView, StageView

SIGNS = {"now": ">", "done": "+", "skipped": "-", "reopened": "~", "waiting": " "}
WORDS = {"now": "now", "done": "done", "skipped": "skipped", "reopened": "to do again"}
STYLES = {
    "now": "bold reverse",
    "done": "$text-success",
    "skipped": "$quiet",
    "reopened": "$text-warning",
    "waiting": "$quiet",
}


class Rail(VerticalScroll):
    """The stages, one below the other."""

    BORDER_TITLE = "stages"
    _session: SessionView | None = None
    _told: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(id="stages")
        yield Static(id="budget")

    def on_resize(self) -> None:
        if self._session is not None:
            self.show(self._session)

    def show(self, session: SessionView) -> None:
        self._session = session
        width = self.scrollable_content_region.width
        told = (session.stages, session.budget, session.locked, len(session.trials), width)
        if told == self._told or not width:
            return
        self._told = told
        self.query_one("#stages", Static).update(stages(session, width))
        self.query_one("#budget", Static).update(budget(session))


def stages(session: SessionView, width: int) -> Content:
    """A line for each stage, and below it what is worth knowing of it."""
    found: list[Content] = []
    phase = ""
    for stage in session.stages:
        if stage.phase and stage.phase != phase:
            phase = stage.phase
            found.append(Content.styled(clean(phase), "bold $text-primary"))
        found.append(_line(stage))
        found += _beneath(stage, width)
    return Content("\n").join(found)


def _line(stage: StageView) -> Content:
    again = f" x{stage.visits}" if stage.visits > 1 else ""
    told = f"{SIGNS[stage.status]} {clean(stage.name).replace('_', ' ')}{again}"
    counts = " ".join(
        f"{sign}{count}"
        for sign, count in (
            ("+", stage.accepted), ("-", stage.rejected), ("=", stage.undecided),
        )
        if count
    )  # fmt: skip
    word = WORDS.get(stage.status, "")
    return Content.assemble(
        (told, STYLES[stage.status]), f"  {counts}" if counts else "",
        (f"  {word}" if word else "", "$quiet"),
    )  # fmt: skip


def _beneath(stage: StageView, width: int) -> list[Content]:
    told = []
    if stage.status == "reopened" and stage.reopened_by:
        told.append(f"reopened by {clean(stage.reopened_by)}")
    if stage.outcome:
        told.append(clean(stage.outcome))
    return [hanging("    ", text, width, indent=4, style="$quiet") for text in told]


def budget(session: SessionView) -> Content:
    """Spent and left."""
    spent = session.budget
    left = max(0.0, 1.0 - spent.share)
    lines = [
        Content.styled("budget", "bold $text-primary"),
        Content.assemble((bar(spent.share, 16), "$primary"), f" {percent(spent.share)}"),
        Content(f"{clean(spent.text or session.limit)}; {percent(left)} left"),
        Content(f"{counted(len(session.trials), 'training')} in {duration(spent.seconds)}"),
    ]
    if session.locked:
        lines.append(Content.styled("locked", "bold $text-primary"))
        lines += [Content(clean(path)) for path in session.locked]
    return Content("\n").join(lines)
