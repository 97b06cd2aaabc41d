"""What the latest training showed: what fired, what could not be judged, what is clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from advisor.text import clean, counted, number
from advisor.tui.hanging import hanging
from advisor.tui.model import FindingView, SessionView

RANKS = {"block": 0, "optimisation": 1, "generalisation": 2, "info": 3}
STYLES: dict[str, str] = {
    "block": "bold $text-error",
    "optimisation": "bold $text-warning",
    "generalisation": "bold $text-warning",
    "info": "bold",
}


class SymptomsPanel(OptionList):
    """A list; Enter explains what is highlighted."""

    BORDER_TITLE = "symptoms"
    DEFAULT_CSS: ClassVar[str] = """
    SymptomsPanel {
        height: 1fr; background: transparent;
        &:focus > .option-list--option-highlighted { background: $primary 30%; color: $foreground; }
    }
    """

    @dataclass
    class Asked(Message):
        """Somebody wants to know what this symptom means."""

        name: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._told: tuple[tuple[FindingView, ...], int] | None = None
        self._session: SessionView | None = None

    def show(self, session: SessionView) -> None:
        self._session = session
        told = (session.findings, self.scrollable_content_region.width)
        if told == self._told or not told[1]:
            return
        self._told = told
        of = "" if session.findings_of is None else f" of trial {session.findings_of}"
        self.border_title = f"symptoms{of}"
        self.clear_options()
        self.add_options(options(session.findings, told[1] - 2))
        self.action_first()

    def on_resize(self) -> None:
        if self._session is not None:
            self.show(self._session)

    @on(OptionList.OptionSelected)
    def _ask(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id:
            self.post_message(self.Asked(event.option.id))


def options(findings: tuple[FindingView, ...], width: int) -> list[Option]:
    """Fired ones, the gravest first; then those without enough data; then how many are clear."""
    if not findings:
        return [Option(Content("nothing was judged yet"), disabled=True)]
    fired = [one for one in findings if one.outcome == "fired"]
    fired.sort(key=lambda one: (bool(one.explained_by), RANKS.get(one.severity, 4)))
    unknown = [one for one in findings if one.outcome == "not enough data"]
    clear = sum(one.outcome == "clear" for one in findings)
    found = [Option(_fired(one, width), id=clean(one.symptom)) for one in fired]
    told = "no symptom fired; " if not fired else ""
    found.append(Option(Content.styled(f"{told}{clear} clear", "$text-success"), disabled=True))
    if unknown:
        title = f"not enough data ({counted(len(unknown), 'symptom')})"
        found.append(Option(Content.styled(title, "bold $quiet"), disabled=True))
        found += [Option(_unknown(one, width), id=clean(one.symptom)) for one in unknown]
    return found


def _fired(one: FindingView, width: int) -> Content:
    name = clean(one.symptom).replace("_", " ")
    head = f"  so also {name}" if one.explained_by else f"! {name}"
    evidence = ", ".join(
        f"{clean(key).replace('_', ' ')} {number(value)}" for key, value in one.evidence.items()
    )
    style = STYLES.get(one.severity, "bold")
    lines = [Content.assemble((head, style), (f" ({clean(one.severity)})", "$quiet"))]
    lines.append(hanging("    ", clean(one.reads), width, indent=4))
    if evidence:
        lines.append(hanging("    ", evidence, width, indent=4, style="$quiet"))
    return Content("\n").join(lines)


def _unknown(one: FindingView, width: int) -> Content:
    name = clean(one.symptom).replace("_", " ")
    told = f"{name}: {clean(one.reads)}"
    return hanging("? ", told, width, indent=4, style="$quiet")
