"""Trainings as they are introduced: which one it is, of what, and what it changes. Plain text."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.advice import Proposal
from advisor.recipe import Recipe
from advisor.requests import Train
from advisor.session.leader import moved
from advisor.state import State
from advisor.text import change, counted

SEED = "train.seed"
AGAIN = {
    "repeat": "repeat of trial {trial} with seed {seed}",
    "confirmation": "confirmation of trial {trial} with seed {seed}",
    "member": "member of the ensemble, trial {trial} with seed {seed}",
}


def trial_words(request: Train, state: State) -> str:
    """`candidate`, `look, for 2 epochs of 8` or `repeat of trial 13 with seed 1`."""
    recipe = request.recipe
    if request.until is not None:
        return f"{request.purpose}, for {counted(request.until, 'epoch')} of {recipe.train.epochs}"
    of = repeated(recipe, state) if request.purpose in AGAIN else None
    if of is not None:
        return AGAIN[request.purpose].format(trial=of, seed=recipe.train.seed)
    return request.purpose


def repeated(recipe: Recipe, state: State) -> int | None:
    """The first trial of this recipe, with whatever seed; None without one."""
    for attempt in state.attempts:
        seeded = recipe.changed({SEED: attempt.recipe.train.seed})
        if seeded.digest() == attempt.recipe.digest():
            return attempt.trial.number
    return None


def tries(request: Train, proposal: Proposal, state: State) -> bool:
    """Whether this training is that of the proposal, as it was made."""
    return state.best.recipe.changed(proposal.change).digest() == request.recipe.digest()


def tried_words(request: Train, proposals: Sequence[Proposal], state: State) -> str:
    """`optimizer.lr 0.01 -> 0.03 (built on trial 13)`: what a candidate changes, which may be one
    of these proposals."""
    before = state.best.recipe
    proposal = next((one for one in proposals if tries(request, one, state)), None)
    if proposal is None:
        return change(before.flat(), moved(before, request.recipe))
    return change_words(proposal, state)


def change_words(proposal: Proposal, state: State) -> str:
    """`optimizer.lr 0.01 -> 0.03 (built on trial 13)`."""
    above = {path: value for path, value in proposal.change.items() if path not in proposal.below}
    on = "" if proposal.built_on is None else f" (built on trial {proposal.built_on})"
    return f"{change(state.best.recipe.flat(), above)}{on}".strip()
