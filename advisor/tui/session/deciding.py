"""The keys that steer the session. Each ends in one command to whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content

from advisor.text import clean, number
from advisor.tui.changing import locks
from advisor.tui.dialogs.ask import CANCEL, Answer, AskDialog
from advisor.tui.driver import Action
from advisor.tui.model import ProposalView, SessionView
from advisor.tui.session.base import SessionBase
from advisor.tui.session.proposal import ProposalPanel

if TYPE_CHECKING:
    from advisor.tui.dialogs.change import Wanted

NEVER_CHANGED = ("version", "name", "task", "metric", "data.", "tune.", "train.seed")
FINISH = Content(
    "The session ends properly: what came close is trained on fresh seeds, the test set is opened, "
    "and the best recipe is written. It cannot be taken up again."
)


class Deciding(SessionBase):
    """Answers to the open question, and the few things that need none."""

    @property
    def proposal(self) -> ProposalView | None:
        """The one that is looked at."""
        return self.query_one(ProposalPanel).proposal

    def _choose(self, action: Action, **told: Any) -> None:
        question = self.snapshot.session.question
        if question is None:
            self.say("the question has been answered")
            return
        told.setdefault("index", self.query_one(ProposalPanel).index)
        if self.order(lambda: self.driver.choose(question.number, action, **told)):
            self._sent = (question.number, self.snapshot.session.revision)
            self._show_journal(self.snapshot)
            self.refresh_bindings()

    def action_accept(self) -> None:
        self._choose("try")

    def action_refuse(self) -> None:
        self._choose("refuse")

    def action_probe(self) -> None:
        self._choose("look")

    def action_skip(self) -> None:
        self._choose("leave", index=0)

    def action_another(self) -> None:
        self.query_one(ProposalPanel).another(self.snapshot, self.sent)

    def action_edit(self) -> None:
        """The proposal with other values; the same rule stays behind it."""
        from advisor.tui.dialogs.change import ChangeDialog

        proposal = self.proposal
        recipe = self._recipe()
        if proposal is None or recipe is None:
            return
        values = {path: pair[1] for path, pair in proposal.change.items()}
        index = self.query_one(ProposalPanel).index

        def decided(wanted: Wanted | None) -> None:
            if wanted is None:
                return
            change = None if wanted.change == values else wanted.change
            self._choose("try" if wanted.action == "try" else "look", index=index, change=change)

        locked = self.snapshot.session.locked
        dialog = ChangeDialog(f"edit: {clean(proposal.title)}", recipe, values, locked)
        self.app.push_screen(dialog, decided)

    def action_own(self) -> None:
        """A change that no rule proposes."""
        from advisor.tui.dialogs.change import ChangeDialog

        recipe = self._recipe()
        if recipe is None:
            return

        def decided(wanted: Wanted | None) -> None:
            if wanted is not None:
                action: Action = "own" if wanted.action == "try" else "look"
                self._choose(action, index=None, change=wanted.change)

        locked = self.snapshot.session.locked
        self.app.push_screen(ChangeDialog("a change of your own", recipe, None, locked), decided)

    def action_lock(self) -> None:
        """One field more, or one less."""
        from advisor.tui.dialogs.pick import PickDialog

        session = self.snapshot.session
        first = list(self.proposal.change) if self.proposal else []
        recipe = session.incumbent.recipe if session.incumbent else session.recipe
        rest = [path for path in recipe if not path.startswith(NEVER_CHANGED)]
        paths = list(dict.fromkeys([*first, *session.locked, *rest]))
        options = [_lockable(path, session.locked, recipe) for path in paths]

        def picked(place: int | None) -> None:
            if place is not None:
                path = paths[place]
                action: Action = "unlock" if path in session.locked else "lock"
                self._choose(action, fields=(path,), index=0)

        note = "Enter locks a field, so that nothing changes it, or unlocks it."
        self.app.push_screen(PickDialog("lock or unlock a field", options, note), picked)

    def action_back(self) -> None:
        """To an earlier incumbent, or to any attempt that was trained."""
        from advisor.tui.dialogs.pick import PickDialog

        trials = earlier(self.snapshot.session)
        if not trials:
            self.say("there is no earlier recipe to go back to")
            return

        def picked(place: int | None) -> None:
            if place is not None:
                self._choose("back", trial=trials[place][0], index=0)

        options = [option for _, option in trials]
        note = "What it changes reopens stages, as an accepted change would."
        self.app.push_screen(PickDialog("back to an earlier recipe", options, note), picked)

    def action_finish(self) -> None:
        def decided(answer: str | None) -> None:
            if answer == "finish":
                self._choose("finish", index=0)

        answers = (Answer("finish", "Finish", "primary"), CANCEL)
        self.app.push_screen(AskDialog("finish the session?", FINISH, answers), decided)

    def action_autopilot(self) -> None:
        on = not self.snapshot.session.autopilot
        if self.order(lambda: self.driver.autopilot(on)):
            self.say("autopilot is asked to take over" if on else "autopilot is asked to stop")

    def action_give_up(self) -> None:
        if self.order(self.driver.give_up):
            self.say("the training ends at its next report")

    def _recipe(self) -> Path | None:
        """The file of the best recipe so far, which changes are made to."""
        session = self.snapshot.session
        trial = session.incumbent.trial if session.incumbent else None
        found = recipe_file(self.driver.folder, session, trial)
        if found is None:
            self.say("there is no recipe to change yet")
        return found


def recipe_file(folder: Path, session: SessionView, trial: int | None) -> Path | None:
    """Where a trial's recipe is; None where it is not there."""
    place = next((t.folder for t in session.trials if t.number == trial), "")
    found = folder / place / "recipe.yaml"
    return found if place and found.is_file() else None


def earlier(session: SessionView) -> Sequence[tuple[int, Content]]:
    """Trials to go back to, earlier incumbents first, the latest of each first."""
    now = session.incumbent.trial if session.incumbent else None
    held = {one.trial: one.why for one in session.incumbents}
    known = [t for t in session.trials if t.value is not None and t.number != now]
    known = [t for t in known if t.purpose in ("baseline", "candidate")]
    known.sort(key=lambda t: (t.number not in held, -t.number))
    told = []
    for trial in known:
        why = held.get(trial.number) or trial.verdict or "not decided on"
        changes = ", ".join(f"{clean(p)} {number(v)}" for p, v in trial.changes.items())
        parts = f"trial {trial.number}  {clean(session.metric)} {number(trial.value)}  {clean(why)}"
        told.append((trial.number, Content.assemble((parts, "bold"), f"  {changes}")))
    return told


def _lockable(path: str, locked: Sequence[str], recipe: Mapping[str, Any]) -> Content:
    mark = "[locked] " if locks(locked, path) else "         "
    return Content.assemble((mark, "bold"), f"{clean(path)}  {number(recipe.get(path))}")
