"""What is proposed, and why; or what the session does meanwhile."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from advisor.text import clean, counted, number
from advisor.tui.hanging import hanging, row
from advisor.tui.model import ProposalView, Question, SessionView
from advisor.tui.reader import Snapshot
from advisor.tui.session.top import state
from advisor.tui.session.verdict import last

Part = str | tuple[str, str]


class ProposalPanel(VerticalScroll):
    """The proposal that is looked at; `another` moves to the next."""

    BORDER_TITLE = "proposal"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._question: Question | None = None
        self._told: tuple[object, ...] = ()
        self._shown: tuple[Snapshot, bool] | None = None
        self.index = 0

    def compose(self) -> ComposeResult:
        yield Static(id="proposed")

    @property
    def proposal(self) -> ProposalView | None:
        found = self._question.proposals if self._question else ()
        return found[self.index % len(found)] if found else None

    def another(self, snapshot: Snapshot, sent: bool) -> None:
        """Look at the next."""
        if self._question and self._question.proposals:
            self.index = (self.index + 1) % len(self._question.proposals)
            self.show(snapshot, sent)
            self.scroll_home(animate=False)

    def show(self, snapshot: Snapshot, sent: bool) -> None:
        """`sent`: an answer is on its way."""
        question = snapshot.session.question
        if question is None or self._question is None or question.number != self._question.number:
            self.index = 0
        self._question = question
        width = self.scrollable_content_region.width
        told = (question, self.index, sent, snapshot.session.revision, state(snapshot), width)
        self._shown = snapshot, sent
        if told != self._told and width:  # without room it is drawn when it has some
            self._told = told
            self.border_title = _title(question, self.index)
            titled = not self.styles.border_top[0]  # no frame, no title
            found = content(snapshot, self.index, sent, width, titled=titled)
            self.query_one("#proposed", Static).update(found)

    def on_resize(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)


def _title(question: Question | None, index: int) -> str:
    if question is None or not question.proposals:
        return "proposal"
    return f"proposal {index + 1} of {len(question.proposals)}"


def content(
    snapshot: Snapshot, index: int, sent: bool, width: int, *, titled: bool = False
) -> Content:
    """The whole panel."""
    question = snapshot.session.question
    if question is None or not question.proposals:
        return _meanwhile(snapshot, width)
    head = [] if (told := last(snapshot.session, width)) is None else [told]
    if sent:
        head.append(Content.styled("your answer is on its way ...", "bold $text-warning"))
    if titled:
        head.append(Content.styled(_title(question, index), "$text-muted"))
    proposal = question.proposals[index % len(question.proposals)]
    lines = [*head, *of(proposal, width)]
    lines += [row("looked", text, width) for text in looked(proposal, snapshot.session)]
    if len(question.proposals) > 1:
        others = [clean(each.rule) for each in question.proposals if each is not proposal]
        lines.append(row("others", ", ".join(others) + " (n shows the next)", width))
    lines += [row("not made", clean(text), width) for text in question.refused]
    return Content("\n").join(lines)


def of(proposal: ProposalView, width: int) -> list[Content]:
    """One proposal, line by line."""
    treats = f"; treats {proposal.treats.replace('_', ' ')}" if proposal.treats else ""
    rule = f"{proposal.rule}, stage {proposal.stage.replace('_', ' ')}, {proposal.maturity}{treats}"
    cost = "" if proposal.epochs is None else f"one training of {counted(proposal.epochs, 'epoch')}"
    rows = [
        ("why", proposal.why),
        ("measured", facts(proposal)),
        ("expect", proposal.expect),
        ("not when", proposal.caution),
        ("cost", cost),
        ("rule", rule.rstrip(", ")),
        ("fared", _fared(proposal)),
        *(("source", text) for text in proposal.references),
    ]
    return [
        Content.styled(clean(proposal.title), "bold $text-primary"),
        *difference(proposal),
        *(row(name, clean(text), width) for name, text in rows if text),
    ]


def difference(proposal: ProposalView) -> list[Content]:
    """The change as a difference of recipes."""
    lines = []
    for path, (old, new) in proposal.change.items():
        if old is not None:
            lines.append(Content.styled(f"- {clean(path)}: {number(old)}", "$text-error"))
        lines.append(Content.styled(f"+ {clean(path)}: {number(new)}", "bold $text-success"))
    return lines


def facts(proposal: ProposalView) -> str:
    """What the rule read of the training."""
    return ", ".join(
        f"{clean(name).replace('_', ' ')} {number(value)}"
        for name, value in proposal.measured.items()
        if value is not False
    )


def looked(proposal: ProposalView, session: SessionView) -> list[str]:
    """What this very change came to as a probe."""
    after = {path: pair[1] for path, pair in proposal.change.items()}
    return [
        f"{clean(session.metric)} {number(look.value)} beside {number(look.incumbent)} of the "
        f"current recipe after {counted(look.epochs, 'epoch')}"
        for look in session.looks
        if dict(look.change) == after
    ]


def _fared(proposal: ProposalView) -> str:
    counts = proposal.experience
    told = [f"{name} {counts[name]}" for name in ("accepted", "rejected", "undecided", "refused")
            if counts.get(name)]  # fmt: skip
    return ", ".join(told)


def _meanwhile(snapshot: Snapshot, width: int) -> Content:
    """Nothing waits for an answer: say what goes on and what can be done."""
    session = snapshot.session
    word, style = state(snapshot)
    lines = [Content.styled(word, style)]
    if session.ended == "finished" or session.summary:
        lines.append(Content("The session is at its end; r writes its report."))
    elif snapshot.driver is None:
        lines.append(
            Content("Nothing drives this session now. R goes on with it; nothing is lost.")
        )
    elif snapshot.driver == "auto":
        lines.append(Content("`advisor auto` drives this session; here you can watch it."))
    elif session.autopilot:
        lines.append(Content("The autopilot decides. A takes over at the next decision."))
    else:
        lines.append(Content("The next proposal will wait for you here."))
    if (told := last(session, width)) is not None:
        why = clean(session.decisions[-1].why)
        lines += [Content(""), told, hanging("  ", why, width, indent=2, style="$quiet")]
    return Content("\n").join(lines)
