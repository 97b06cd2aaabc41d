"""From lines in files to frozen values: all that screens know. Pure, and without Textual."""

from advisor.tui.model.curve import CurveView
from advisor.tui.model.grown import Grown
from advisor.tui.model.journal import Journal
from advisor.tui.model.live import Live, LiveTrial
from advisor.tui.model.views import (
    ActView,
    BudgetView,
    DecisionView,
    Entry,
    Fault,
    FindingView,
    IncumbentView,
    LookView,
    ProbeView,
    ProposalView,
    Question,
    SessionView,
    StageView,
    TrialView,
)

__all__ = [
    "ActView",
    "BudgetView",
    "CurveView",
    "DecisionView",
    "Entry",
    "Fault",
    "FindingView",
    "Grown",
    "IncumbentView",
    "Journal",
    "Live",
    "LiveTrial",
    "LookView",
    "ProbeView",
    "ProposalView",
    "Question",
    "SessionView",
    "StageView",
    "TrialView",
]
