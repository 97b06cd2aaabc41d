"""How often a rule's proposals were kept, and how far that moves the rule in its class. Pure.

The chance that a proposal of the rule is kept has the posterior Beta(1 + accepted, 1 + rejected +
undecided / 2). Nothing is concluded from few counts: a rule moves only once the central 80 %
interval of that chance leaves 0.5 out, which is where a rule stands of which nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

PRIOR = 1.0
"""Beta(1, 1): before any count, every chance is as likely."""
UNDECIDED_WEIGHT = 0.5
"""An undecided trial counts half against its rule. It cost as much as a rejected one and left
nothing behind, so it is no success; but it only says that the gain, if there was one, was smaller
than this data can show, where a rejection says that the change did harm."""
TAIL = 0.10
"""Of the posterior on either side of the central 80 % interval."""
MOST_RANKS = 20
"""How far counts can move a rule, either way. The rules of a class are ranked in steps of ten or
less, so this is two places: what was known of a rule when it was written still counts most."""
REFUSED_RANKS, MOST_REFUSALS = 15, 2
"""A rule refused in this session lets those behind it go first: past the next step of ten, and
twice as far from its second refusal on."""


@dataclass(frozen=True)
class Counts:
    """Decisions on the proposals of one rule."""

    accepted: int = 0
    rejected: int = 0
    undecided: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.undecided + other.undecided,
        )

    @property
    def decided(self) -> int:
        """Trials whose end is known, whatever it was."""
        return self.accepted + self.rejected + self.undecided

    @property
    def posterior(self) -> tuple[float, float]:
        """Both parameters of the Beta distribution of the chance to be kept."""
        against = self.rejected + UNDECIDED_WEIGHT * self.undecided
        return PRIOR + self.accepted, PRIOR + against

    @property
    def chance(self) -> float:
        """Mean of the posterior, 0 to 1."""
        kept, against = self.posterior
        return kept / (kept + against)

    @property
    def interval(self) -> tuple[float, float]:
        """The central 80 % of the posterior."""
        return _quantile(*self.posterior, TAIL), _quantile(*self.posterior, 1 - TAIL)

    @property
    def ranks(self) -> int:
        """Ranks to add: below 0 the rule comes earlier; 0 while there is too little to tell."""
        low, high = self.interval if self.decided else (0.0, 1.0)
        if low <= 0.5 <= high:
            return 0
        return round(2 * MOST_RANKS * (0.5 - self.chance))

    def __str__(self) -> str:
        return f"accepted {self.accepted} of {self.decided} here" if self.decided else ""


@dataclass(frozen=True)
class TrackRecord:
    """What is known of one rule: from earlier sessions, and from this one."""

    counts: Counts = Counts()
    refused: int = 0
    """proposals of this session that were not accepted, as far as that still means anything"""

    @property
    def ranks(self) -> int:
        """Ranks to add to the rule's own; bounded, so that no rule is ever out of reach."""
        return self.counts.ranks + REFUSED_RANKS * min(self.refused, MOST_REFUSALS)

    def __str__(self) -> str:
        """For people; empty when nothing is known."""
        times = "once" if self.refused == 1 else f"{self.refused} times"
        refused = f"refused {times} in this session" if self.refused else ""
        told = ", ".join(part for part in (str(self.counts), refused) if part)
        return told + (f", so {moved(self.ranks)}" if self.ranks else "")


def moved(ranks: int) -> str:
    """`12 ranks earlier`."""
    size = abs(ranks)
    return f"{size} {'rank' if size == 1 else 'ranks'} {'earlier' if ranks < 0 else 'later'}"


@lru_cache(maxsize=1024)
def _quantile(kept: float, against: float, share: float) -> float:
    return float(import_module("scipy.special").betaincinv(kept, against, share))
