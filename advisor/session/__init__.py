"""A tuning session: what to try next, and what was learned. Pure; `advisor.auto` drives it."""

from advisor.session.choices import ChoiceError, problem_of
from advisor.session.session import Session
from advisor.session.settings import Settings
from advisor.session.trying import MOST_VISITS

__all__ = ["MOST_VISITS", "ChoiceError", "Session", "Settings", "problem_of"]
