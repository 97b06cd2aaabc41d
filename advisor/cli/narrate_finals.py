"""The finals and the ensemble, told in lines."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.estimates import fresh_estimate
from advisor.requests import Ensemble, Finalist, Finals
from advisor.state import State
from advisor.text import counted, number


def finals_lines(finals: Finals, state: State) -> Iterator[str]:
    """Who met whom on fresh seeds, and what came of it. Plain text."""
    yield f"finals on fresh seeds, {state.start.metric} on validation"
    for finalist in finals.finalists:
        yield f"  {_finalist(finalist, state)}"
        if finalist.decision is not None:
            yield f"    {finalist.decision.verdict}: {finalist.decision.reason}"
    winner = finals.winner
    if winner.decision is None:
        yield f"  trial {winner.trial} stays: nothing is shown to be better than it"
    else:
        yield f"  trial {winner.trial} takes over: better by seeds that it was not chosen by"


def _finalist(finalist: Finalist, state: State) -> str:
    values = ", ".join("no result" if value is None else number(value) for value in finalist.values)
    first = number(state.attempt(finalist.trial).value)
    seeds = counted(len(finalist.values), "fresh seed")
    return f"trial {finalist.trial}: {values} on {seeds}; its first training had {first}"


def ensemble_lines(found: Ensemble, state: State) -> Iterator[str]:
    """What the ensemble is made of, and whether it pays. Plain text."""
    short = f" (of {found.wanted}: the budget has no room for more)"
    told = short if len(found.members) < found.wanted else ""
    trials = ", ".join(map(str, found.members))
    yield f"ensemble of {len(found.members)} seeds{told}: trials {trials}"
    yield (
        f"  {state.start.metric} {number(found.value)} on validation, where trial "
        f"{found.members[0]} alone has {number(found.single)}; loss {number(found.loss)}"
    )
    times = len(found.members)
    if found.decision.verdict == "accepted":
        yield f"  it pays, at {times} times the work of a prediction: {found.decision.comparison}"
    else:
        yield f"  not shown to pay for {times} times the work: {found.decision.reason}"


def fresh_words(state: State) -> tuple[str, str] | None:
    """The row of the last table: its name and the estimate; None without fresh seeds."""
    found = fresh_estimate(state)
    if found is None:
        return ("validation, fresh seed", "none") if state.confirmation else None
    many = len(found.seeds)
    name = "validation, fresh seed" + (f"s (mean of {many})" if many > 1 else "")
    if found.low is None or found.high is None:
        return name, number(found.value)
    return name, f"{number(found.value)} [{number(found.low)}, {number(found.high)}]"
