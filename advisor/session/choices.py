"""What a person may answer to a question, and what is wrong with an answer. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from advisor.advice import Proposal, problem
from advisor.conditions import did_you_mean
from advisor.luck import is_whole, seedless
from advisor.recipe import Recipe
from advisor.recipe.fit import MAPPINGS, has
from advisor.recipe_fields import recipe_fields
from advisor.requests import ACTIONS, Choice, Choose
from advisor.rulebook import Rule
from advisor.rulebook.changes import NOT_FOR_RULES
from advisor.stages import Stage
from advisor.state import Attempt, State

LOOK_SHARE = 1 / 3
"""Of its epochs: so much of a change is trained to be looked at."""
ORIGINALS = ("baseline", "candidate")
"""Trainings that a session can go back to: all others repeat one with another seed."""


class ChoiceError(ValueError):
    """A choice that cannot be carried out; the message is one line, for people."""


def problem_of(choice: Choice, request: Choose, state: State) -> str | None:
    """What is wrong with this answer, in one line; None when it can be carried out."""
    try:
        check(choice, request, state)
    except ChoiceError as error:
        return str(error)
    return None


def check(choice: Choice, request: Choose, state: State) -> None:
    """Raise ChoiceError unless the choice can be carried out."""
    match choice.action:
        case "try" | "own":
            made = proposal_of(choice, request, state)
            if made.origin != "rule":
                recipe = state.best.recipe.changed(made.change)
                _check_affordable(recipe.train.epochs, state)
        case "look":
            made = proposal_of(choice, request, state)
            _check_affordable(look_epochs(state.best.recipe.changed(made.change)), state)
        case "refuse":
            _index(choice, request)
        case "back":
            returned_to(choice, state)
        case "lock" | "unlock":
            locked_by(choice, state)
        case action if action not in ACTIONS:
            raise ChoiceError(f"no action is called {action!r}; there are {', '.join(ACTIONS)}")


# What is trained


def proposal_of(choice: Choice, request: Choose, state: State) -> Proposal:
    """What is to be trained: one of the proposals, edited where the choice says so, or a change
    of the person's own. Raises ChoiceError."""
    if choice.action == "own" or choice.index is None:
        return own(request.stage, _sound(choice.change, state.best.recipe, state.attempts))
    proposal = request.proposals[_index(choice, request)]
    if choice.change is None:
        return proposal
    foreign = sorted(set(_mapping(choice.change)) - set(proposal.change))
    if foreign:
        raise ChoiceError(
            f"{', '.join(foreign)}: not among the fields of this proposal "
            f"({', '.join(proposal.change)}); make it a change of your own"
        )
    wanted = {**proposal.change, **choice.change}
    change = _sound(wanted, state.best.recipe, state.attempts)
    return (
        proposal if change == proposal.change else replace(proposal, change=change, origin="edited")
    )


def own(stage: Stage, change: Mapping[str, Any]) -> Proposal:
    """A change that a person made up, as a proposal that no rule stands behind."""
    rule = Rule(
        id="own",
        title="Your own change",
        stage=stage.name,
        when=(),
        change={},
        expect="what you expect of it",
        why="You asked for it; it is judged like any other change.",
        examples=(),
        maturity="stable",
    )
    return Proposal(rule, change, {}, (0, False, rule.rank, rule.id), origin="own")


def look_epochs(recipe: Recipe) -> int:
    """How long a change is trained to be looked at; a whole number of evaluations, one an epoch."""
    return max(1, math.ceil(LOOK_SHARE * recipe.train.epochs))


def _index(choice: Choice, request: Choose) -> int:
    index, most = choice.index, len(request.proposals)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < most:
        raise ChoiceError(f"there is no proposal {index!r}; allowed: 0 to {most - 1}")
    return index


def _mapping(change: object) -> Mapping[str, Any]:
    if not isinstance(change, Mapping) or not change:
        raise ChoiceError("no change is named; it must be recipe field -> value, at least one")
    return change


def _sound(change: object, recipe: Recipe, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Those values of a change that move something, checked. Raises ChoiceError."""
    values = _mapping(change)
    for path in values:
        _check_field(path)
    try:
        changed = recipe.changed(values)
    except (ValidationError, KeyError) as error:
        raise ChoiceError(f"gives no valid recipe: {problem(error)}") from None
    except (TypeError, ValueError) as error:
        raise ChoiceError(f"gives no valid recipe: {error}") from None
    moved = changed_fields(recipe, changed)
    if not moved:
        raise ChoiceError("changes nothing: the recipe has these values already")
    if locked := [path for path in moved if recipe.locks(path)]:
        raise ChoiceError(f"{', '.join(locked)} is locked; unlock it first")
    _check_new(changed, attempts)
    after = changed.flat()
    return {
        path: after.get(path, value)
        for path, value in values.items()
        if any(each == path or each.startswith(path + ".") for each in moved)
    }


def _check_field(path: object) -> None:
    fields = recipe_fields()
    named = str(path)
    of_mapping = named.startswith(tuple(f"{mapping}." for mapping in MAPPINGS))
    if named not in fields and not of_mapping:
        raise ChoiceError(f"no recipe has a field {named!r}{did_you_mean(named, fields)}")
    if any(named == fixed or named.startswith(fixed + ".") for fixed in NOT_FOR_RULES):
        raise ChoiceError(f"{named} cannot be changed: it decides what trials are judged by")


def changed_fields(before: Recipe, after: Recipe) -> list[str]:
    """Fields that differ, those that only one of them has included."""
    old, new = before.flat(), after.flat()
    names = [*new, *(name for name in old if name not in new)]
    return [name for name in names if (name in old, old.get(name)) != (name in new, new.get(name))]


def _check_new(recipe: Recipe, attempts: Sequence[Attempt]) -> None:
    digest = recipe.digest()
    known = next((one for one in attempts if one.recipe.digest() == digest), None)
    if known is not None:
        raise ChoiceError(f"trial {known.trial.number} has trained this very recipe")


def _check_affordable(epochs: int, state: State) -> None:
    if not state.budget.allows(epochs):
        raise ChoiceError(
            f"{epochs} epochs of training are more than the budget has left: "
            f"{state.budget} are spent"
        )


# Where to go back to


def returned_to(choice: Choice, state: State) -> Attempt:
    """The trial that shall be the incumbent again. Raises ChoiceError."""
    number = choice.trial
    found = {one.trial.number: one for one in state.attempts}
    attempt = found.get(number) if isinstance(number, int) else None
    if attempt is None:
        allowed = [n for n, one in found.items() if one.trial.purpose in ORIGINALS]
        raise ChoiceError(
            f"there is no trial {number!r} to go back to; there are {_listed(allowed)}"
        )
    if attempt.recipe.digest() == state.best.recipe.digest():
        raise ChoiceError(f"trial {number} is the incumbent already")
    if attempt.trial.purpose not in ORIGINALS:
        first = next(one for one in state.attempts if seedless(one) == seedless(attempt))
        raise ChoiceError(
            f"trial {number} repeats trial {first.trial.number} with another seed; "
            "go back to that one"
        )
    if not is_whole(attempt):
        finished = attempt.result.finished
        how = finished.status.replace("_", " ") if finished else "without a result"
        raise ChoiceError(f"trial {number} ended {how}, so it cannot be the incumbent")
    return attempt


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


# Locks


def locked_by(choice: Choice, state: State) -> tuple[str, ...]:
    """What is locked after the choice. Raises ChoiceError."""
    fields = choice.fields
    if isinstance(fields, str) or not fields or not all(isinstance(one, str) for one in fields):
        raise ChoiceError("no fields are named")
    change = _with_lock if choice.action == "lock" else _without_lock
    locked = state.locked
    for path in fields:
        locked = change(path, locked, state.best.recipe)
    return locked


def _with_lock(path: str, locked: tuple[str, ...], recipe: Recipe) -> tuple[str, ...]:
    if path in locked:
        raise ChoiceError(f"{path} is locked already")
    if not has(recipe, path):
        raise ChoiceError(
            f"{path!r} is not a field of this recipe{did_you_mean(path, recipe.flat())}"
        )
    return (*locked, path)


def _without_lock(path: str, locked: tuple[str, ...], recipe: Recipe) -> tuple[str, ...]:
    if path in locked:
        return tuple(one for one in locked if one != path)
    section = next((one for one in locked if path.startswith(one + ".")), None)
    if section is not None:
        raise ChoiceError(f"{path} is locked with all of {section}; unlock that")
    raise ChoiceError(f"{path} is not locked; locked: {', '.join(locked) or 'nothing'}")
