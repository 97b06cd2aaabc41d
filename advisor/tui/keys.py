"""The keys of the session screen: one list, from which come bindings, footer and help. The footer
shows the first of those that hold, as many as it has room for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Group = Literal["proposal", "session", "training", "view"]
Needs = Literal["question", "proposal", "host", "training", "gone", "nothing"]
"""What must be there: an open question, one with proposals, a host that listens, a training under
way, no host although the session goes on; or nothing."""
GROUPS: dict[Group, str] = {
    "proposal": "A proposal",
    "session": "The session",
    "training": "The training",
    "view": "What is shown",
}


@dataclass(frozen=True)
class Key:
    """One key."""

    key: str
    action: str
    label: str
    """in the footer: a word or two"""
    help: str
    """a sentence"""
    group: Group
    needs: Needs = "nothing"
    footer: bool = True
    shown: str = ""
    """how the key is written, where its name is not"""

    @property
    def binding(self) -> Binding:
        return Binding(
            self.key, self.action, self.label, self.footer, self.shown or None, tooltip=self.help
        )


KEYS = (
    Key("R", "resume", "Resume", "Go on with a session that nothing drives at the moment.",
        "session", "gone"),
    Key("a", "accept", "Accept", "Train this proposal against the current recipe; it is kept only "
        "if a paired comparison says that it helps.", "proposal", "proposal"),
    Key("e", "edit", "Edit", "Change the proposed values first; they are checked as you type.",
        "proposal", "proposal"),
    Key("n", "another", "Next", "Look at the next of the proposals; nothing is decided by it.",
        "proposal", "proposal"),
    Key("x", "refuse", "Refuse", "Refuse this proposal for this visit of the stage.",
        "proposal", "proposal"),
    Key("p", "probe", "Probe", "Train it for about a third of its epochs and show it beside the "
        "current recipe; decides nothing, but is paid for.", "proposal", "proposal"),
    Key("s", "skip", "Skip", "Leave this stage as it is and go on with the next.",
        "session", "question"),
    Key("A", "autopilot", "Auto", "Let the session decide by itself, or take the decisions "
        "back; holds from the next decision on.", "session", "host"),
    Key("w", "why", "Why", "The whole text of the rule behind it, with its sources.",
        "proposal", "proposal"),
    Key("g", "give_up", "Give up", "End the running training at its next report; it counts with "
        "what it has shown.", "training", "training"),
    Key("h", "history", "History", "All trials and decisions, in a table.", "view"),
    Key("o", "own", "Own", "Try a change of your own; it is judged like any other.",
        "proposal", "question"),
    Key("l", "lock", "Lock", "Lock a field, so that nothing changes it from now on, or unlock it.",
        "proposal", "question"),
    Key("b", "back", "Return", "Go back to an earlier recipe and go on from there.",
        "session", "question"),
    Key("F", "finish", "Finish", "End the session properly: final trainings, test set, best "
        "recipe.", "session", "question"),
    Key("question_mark", "app.help", "Help", "These keys.", "view", shown="?"),
    Key("q", "leave", "Quit", "Leave: the session goes on without you, or is stopped.", "view"),
    Key("r", "report", "Report", "Write the report of the session, as far as it is.", "session",
        footer=False),
    Key("c", "copy", "Copy", "Copy the best recipe or a command.", "session", footer=False),
    Key("E", "export", "Export", "Write the best recipe to a file.", "session", footer=False),
    Key("t", "other", "Other", "Look at another of the trainings side by side.", "training",
        footer=False),
    Key("y", "log_scale", "Log", "Switch the loss curves between a linear and a log scale.",
        "training", footer=False),
    Key("1", "panel('live')", "Live", "The running training.", "view", footer=False),
    Key("2", "panel('proposal')", "Proposal", "What is proposed, and why.", "view", footer=False),
    Key("3", "panel('symptoms')", "Symptoms", "What the latest training showed; Enter explains.",
        "view", footer=False),
    Key("4", "panel('stages')", "Stages", "The order of the stages and what each came to.", "view",
        footer=False),
    Key("5", "panel('log')", "Log", "Remarks and decisions so far.", "view", footer=False),
)  # fmt: skip
NEEDS = {key.action.partition("(")[0]: key.needs for key in KEYS}
BY_KEY = {key.key: key for key in KEYS if key.needs != "nothing"}
BINDINGS = [key.binding for key in KEYS]
