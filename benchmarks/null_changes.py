"""How often is a change that does nothing accepted? The claim is: at most one time in twenty.

Trains each recipe with many seeds, then lets whole sessions run in which every recipe that is
asked for is answered with one of those trainings, drawn at random: whatever such a session accepts,
it accepts by luck. Some sessions have rules that each move one field (and the climb that comes with
the rate's stage), and no search; others have no rules, but the climb, the walk and the search.

What is limited is the share accepted among the changes that were decided about, by the last
decision on each: those of the rules, and all that are searched. How many sessions end at another
recipe than they began with, by these decisions or by the finals, is told beside it.

    python benchmarks/null_changes.py --short    24 seeds of two recipes, about a minute
    python benchmarks/null_changes.py            60 seeds of five, ten minutes; writes
                                                 results/null_changes.json
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import stdev
from typing import Any

import numpy as np
from common import save
from nulls import RECIPES, RULES, played, recipe, trained

from advisor.recipe import Recipe
from advisor.requests import Result
from advisor.rulebook import Rule
from advisor.runner import Runner
from advisor.session import Session

LIMIT = 0.05
Z = 1.96


@dataclass(frozen=True)
class Kind:
    """Sessions of one kind, and how many of them there are."""

    name: str
    rules: tuple[Rule, ...]
    tune: dict[str, object]
    full: int
    short: int


KINDS = (
    Kind("rules", RULES, {"budget": "40t", "skip": ("finish",)}, 120, 60),
    Kind("search, 40t", (), {"budget": "40t", "stages": ("learning_rate", "finish")}, 40, 15),
    Kind("search, 80t", (), {"budget": "80t", "stages": ("learning_rate", "finish")}, 12, 4),
)


@dataclass(frozen=True)
class Outcome:
    """What a session came to."""

    decided: Counter[str]
    """changes by the id of their rule"""
    accepted: Counter[str]
    elsewhere: bool
    """whether it ended at another recipe than it began with"""

    @classmethod
    def of(cls, session: Session, rules: Sequence[Rule]) -> Outcome:
        """Of changes by these rules; of all, where there are none."""
        state, wanted = session.state, {rule.id for rule in rules}
        last = {one.trial: (one.proposal.rule.id, one.decision) for one in state.decisions}
        found = [one for one in last.values() if not wanted or one[0] in wanted]
        accepted = Counter(rule for rule, decision in found if decision.verdict == "accepted")
        elsewhere = state.best.recipe.digest() != state.start.digest()
        return cls(Counter(rule for rule, _ in found), accepted, elsewhere)


def measured(start: Recipe, kind: Kind, pool: Sequence[Result], sessions: int) -> dict[str, Any]:
    """Sessions of one kind, as a row of the table."""
    found = [
        Outcome.of(played(start, kind.rules, kind.tune, pool, seed), kind.rules)
        for seed in range(sessions)
    ]
    decided, accepted = ([getattr(o, of).total() for o in found] for of in ("decided", "accepted"))
    elsewhere = [int(one.elsewhere) for one in found]
    by_rule = sum((one.decided for one in found), Counter[str]())
    kept = sum((one.accepted for one in found), Counter[str]())
    return {
        "sessions": sessions,
        "decided": sum(decided),
        "accepted": sum(accepted),
        "accepted_share": sum(accepted) / sum(decided),
        "accepted_interval": interval(accepted, decided),
        "by_rule": {rule: [kept[rule], number] for rule, number in sorted(by_rule.items())},
        "elsewhere_share": sum(elsewhere) / sessions,
        "elsewhere_interval": interval(elsewhere, [1] * sessions),
    }


def interval(hits: Sequence[int], trials: Sequence[int]) -> tuple[float, float]:
    """Wilson's interval of a share, 95 %, from the counts of each session: of fewer trials, where
    those of a session go together."""
    hit, count = np.array(hits), np.array(trials)
    number, share = int(count.sum()), hit.sum() / count.sum()
    apart = share * (1 - share) * number
    alike = max(1.0, float(np.sum((hit - share * count) ** 2)) / apart) if apart else 1.0
    n = number / alike
    middle = share + Z**2 / (2 * n)
    reach = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = ((middle + way * reach) / (1 + Z**2 / n) for way in (-1, 1))
    return float(max(low, 0.0)), float(high)


def deviation(pool: Sequence[Result]) -> float:
    """Of the validation metric between seeds."""
    values = [one.finished.validation_metric for one in pool if one.finished]
    return stdev(value for value in values if value is not None)


def line(row: dict[str, Any]) -> str:
    accepted, elsewhere = (
        "{:5.1f} % [{:4.1f}, {:4.1f}]".format(
            *(100 * value for value in (row[f"{of}_share"], *row[f"{of}_interval"]))
        )
        for of in ("accepted", "elsewhere")
    )
    return (
        f"{row['recipe']:22} {row['kind']:12} {row['sessions']:8} {row['decided']:8}  "
        f"{accepted:20}  {elsewhere}"
    )


def verdict(rows: Sequence[dict[str, Any]]) -> tuple[str, bool]:
    """The last line, and whether all is within the limit."""
    by_rules, searched = (
        max(row["accepted_share"] for row in rows if (row["kind"] == KINDS[0].name) is of_rules)
        for of_rules in (True, False)
    )
    fine = max(by_rules, searched) <= LIMIT
    told = (
        f"{'PASS' if fine else 'FALLS SHORT'}: a null change is accepted at most "
        f"{100 * by_rules:.1f} % of the time where a rule proposes it, {100 * searched:.1f} % "
        f"where it is searched ({100 * LIMIT:.0f} % allowed)"
    )
    return told, fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--backend", default="torch")
    asked = parser.parse_args()
    rows = []
    print(f"{'recipe':22} {'sessions':12}   number  decided  {'accepted':20}  end elsewhere")
    with tempfile.TemporaryDirectory() as folder, Runner(asked.backend) as runner:
        for name in list(RECIPES)[: 2 if asked.short else None]:
            start = recipe(RECIPES[name])
            pool = trained(runner, start, 24 if asked.short else 60, Path(folder) / name)
            about: dict[str, Any] = {"recipe": name, "seeds": len(pool), "sd": deviation(pool)}
            for kind in KINDS:
                sessions = kind.short if asked.short else kind.full
                rows.append(about | {"kind": kind.name} | measured(start, kind, pool, sessions))
                print(line(rows[-1]), flush=True)
    told, fine = verdict(rows)
    if not asked.short:
        save("null_changes", {"limit": LIMIT, "rows": rows})
    print(told)
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
