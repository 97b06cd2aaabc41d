"""The end of a session as JSON-able values: finalists, the estimate, the ensemble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from advisor.estimates import fresh_estimate
from advisor.evidence import Comparison
from advisor.requests import Ensemble, Finalist, Finals
from advisor.state import State


def finalists(finals: Finals, state: State) -> list[dict[str, Any]]:
    """Each recipe that was trained on fresh seeds, the incumbent first."""
    return [_finalist(one, one == finals.winner, state) for one in finals.finalists]


def _finalist(finalist: Finalist, winner: bool, state: State) -> dict[str, Any]:
    decision = finalist.decision
    return {
        "trial": finalist.trial,
        "value": state.attempt(finalist.trial).value,
        "fresh": [
            {"trial": number, "seed": state.attempt(number).recipe.train.seed, "value": value}
            for number, value in zip(finalist.fresh, finalist.values, strict=True)
        ],
        "verdict": decision.verdict if decision else None,
        "why": decision.reason if decision else None,
        **_gained(decision.comparison if decision else None),
        "winner": winner,
    }


def ensemble(found: Ensemble, state: State) -> dict[str, Any]:
    """The averaged predictions of the winner's seeds, and whether they pay."""
    return {
        "wanted": found.wanted,
        "members": [
            {"trial": n, "seed": one.recipe.train.seed, "value": one.value}
            for n, one in ((n, state.attempt(n)) for n in found.members)
        ],
        "metric": state.start.metric,
        "value": found.value,
        "loss": found.loss,
        "single": found.single,
        "pays": found.decision.verdict == "accepted",
        "why": found.decision.reason,
        **_gained(found.decision.comparison),
    }


def _gained(found: Comparison | None) -> dict[str, float | None]:
    if found is None:
        return {"gain": None, "low": None, "high": None}
    return {"gain": found.gain, "low": found.low, "high": found.high}


def estimate(state: State) -> dict[str, Any] | None:
    """The winner on fresh seeds, with its 95 % interval; None where it was not trained on any."""
    found = fresh_estimate(state)
    return None if found is None else {"metric": state.start.metric, **_plain(asdict(found))}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
