"""What other ways of searching find for the same epochs: the test that tuning has to stand.

A search is seeded with the same starting recipe, trains on the same data with the same seed and
backend, and may spend as many epochs. Usable by itself: `search_control`.
"""

from advisor.control.curve import Points, best_so_far, reached, value_at
from advisor.control.engine import search_control
from advisor.control.journal import ControlError
from advisor.control.ours import Ours, ours
from advisor.control.outcome import METHODS, outcome
from advisor.control.pruning import PRUNERS, PrunerKind
from advisor.control.trial import ControlTrial

__all__ = [
    "METHODS",
    "PRUNERS",
    "ControlError",
    "ControlTrial",
    "Ours",
    "Points",
    "PrunerKind",
    "best_so_far",
    "ours",
    "outcome",
    "reached",
    "search_control",
    "value_at",
]
