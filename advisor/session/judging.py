"""What a pair of trials, or several, decide about a proposal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from advisor import evidence, symptoms
from advisor.advice import Proposal
from advisor.evidence import Comparison, Decision, Predictions, SeenSpread
from advisor.luck import is_whole
from advisor.recipe import Recipe
from advisor.stages import DATA_CLASS, ODD
from advisor.state import Attempt, State

Pair: TypeAlias = tuple[Attempt, Attempt]
"""Candidate and incumbent, with the same seed."""
UNLEARNED = "not_better_than_chance"
LATE = ("regularization.", "initialization.", "transfer.")
"""What pays late, or begins elsewhere: a candidate that has more of it is not raced."""


def judge(state: State, proposal: Proposal, pairs: Sequence[Pair]) -> Decision:
    """What the pairs say; the first decides where there is nothing to compare."""
    candidate, incumbent = pairs[0]
    finished = candidate.result.finished
    if finished is None or finished.status == "failed":
        return Decision("rejected", f"the trial failed: {candidate.result.error}")
    comparison = compared(state, pairs)
    if finished.status in ("diverged", "stopped"):
        return Decision("rejected", finished.message, comparison)
    if incumbent.result.predictions is None:
        return Decision("accepted", "it trains; the incumbent never gave a finite result")
    if comparison is None:
        return Decision("rejected", "no validation results that can be compared")
    return _weighed(proposal, pairs[0], comparison)


def compared(state: State, pairs: Sequence[Pair]) -> Comparison | None:
    """The gain over all pairs that can be compared; None without any."""
    measured = [predictions(pair, state.scale) for pair in pairs]
    comparable = [pair for pair in measured if pair is not None]
    if not comparable:
        return None
    return evidence.compare(state.start, comparable, state.scale, seen_spread(state))


def seen_spread(state: State) -> SeenSpread:
    """What the session's decisions have shown of the spread between seeds."""
    decided = (one.decision.comparison for one in state.decisions)
    return SeenSpread.of(found for found in decided if found is not None)


def _weighed(proposal: Proposal, first: Pair, comparison: Comparison) -> Decision:
    """By the gain; where it tells nothing, a cured fault decides."""
    candidate, incumbent = first
    decision = evidence.decide(comparison, proposal.criterion, proposal.price)
    clear = {f.symptom for f in candidate.findings if f.outcome == "clear"}
    cured = _cured(incumbent, clear, candidate) or _mended(proposal, incumbent, clear, comparison)
    order = min((symptoms.ORDER[name] for name in cured), default=0)
    graver = {
        name for name in candidate.blocking - incumbent.blocking if symptoms.ORDER[name] <= order
    }
    meaningless = order == DATA_CLASS  # scores under such a fault say nothing
    undecided = decision.verdict == "undecided" and comparison.gain > -comparison.sigma
    if cured and not graver and (undecided or meaningless):
        what = ", ".join(sorted(cured)).replace("_", " ")
        return Decision("accepted", f"cures {what}: {comparison}", comparison)
    if undecided and _odd_and_unlearned(proposal, candidate, incumbent):
        told = f"back to what is usual, while no score tells anything yet: {comparison}"
        return Decision("accepted", told, comparison)
    return decision


def _odd_and_unlearned(proposal: Proposal, candidate: Attempt, incumbent: Attempt) -> bool:
    """Whether a setting that is wrong by itself goes back while neither has learned anything: one
    of several causes cannot show in the metric before the others are gone."""
    stuck = UNLEARNED in incumbent.blocking and candidate.blocking <= incumbent.blocking
    return stuck and proposal.treats == ODD and proposal.criterion == "no worse"


def _cured(incumbent: Attempt, clear: set[str], candidate: Attempt) -> set[str]:
    """Blocking symptoms that are gone for good: while nothing is learned, what else comes of that
    comes and goes by chance."""
    cured = incumbent.blocking & clear
    if UNLEARNED in candidate.blocking:
        return {name for name in cured if symptoms.ORDER[name] < symptoms.ORDER[UNLEARNED]}
    return cured


def _mended(
    proposal: Proposal, incumbent: Attempt, clear: set[str], comparison: Comparison
) -> set[str]:
    """A fault of the data, or of what goes in and comes out, that need not block: gone is gone,
    where the score does not speak against it."""
    treated = proposal.treats or ""
    fired = any(f.symptom == treated and f.outcome == "fired" for f in incumbent.findings)
    data = symptoms.ORDER.get(treated) == DATA_CLASS
    return {treated} if fired and data and treated in clear and comparison.gain > 0 else set()


def tells(pair: Pair) -> bool:
    """Whether a repeat says something of the recipes: both came to their own end, with a result."""
    return all(is_whole(one) and one.result.predictions is not None for one in pair)


def without_pair(pair: Pair, before: Decision) -> Decision:
    """What a repeat means that tells nothing by its numbers."""
    candidate, _ = pair
    seed, seen = candidate.recipe.train.seed, before.comparison
    if any(_was_stopped(one) for one in pair):
        return Decision("undecided", f"the training with seed {seed} was given up", seen)
    if not tells((candidate, candidate)):
        return Decision("rejected", f"it does not train with seed {seed}", seen)
    return Decision("undecided", f"the incumbent does not train with seed {seed}", seen)


def _was_stopped(attempt: Attempt) -> bool:
    finished = attempt.result.finished
    return finished is not None and finished.status == "stopped"


def predictions(pair: Pair, scale: float) -> tuple[Predictions, Predictions] | None:
    """Validation outputs of both; None where one has none, or where they are of other examples, as
    for texts that are cut otherwise."""
    ours, theirs = (attempt.predictions(scale) for attempt in pair)
    if ours is None or theirs is None or not np.array_equal(ours.targets, theirs.targets):
        return None
    return ours, theirs


def race(state: State, candidate: Recipe) -> list[float | None]:
    """Floors that stop a hopeless candidate; none where curves are not comparable."""
    incumbent, recipe = state.best, state.best.recipe
    found = incumbent.result.predictions
    if found is None or not comparable(candidate, recipe):
        return []
    error = evidence.metric_error(recipe, found, state.scale)
    return evidence.race_floors(recipe, incumbent.result.curve(), error)


def comparable(candidate: Recipe, incumbent: Recipe) -> bool:
    """Whether being far behind at the same epoch means being behind at the end: as many epochs,
    a schedule of the same kind, the same model, and nothing more that pays late."""
    alike = (
        candidate.train.epochs == incumbent.train.epochs
        and candidate.train.early_stopping == incumbent.train.early_stopping
        and candidate.schedule.kind == incumbent.schedule.kind
        and candidate.model == incumbent.model
    )
    before, after = incumbent.flat(), candidate.flat()
    moved = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    return alike and not any(
        path.startswith(LATE) and not _less(before.get(path), after.get(path)) for path in moved
    )


def _less(before: object, after: object) -> bool:
    return isinstance(before, int | float) and isinstance(after, int | float) and after < before
