"""What a person chose, and what came of it, in words. Plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.requests import Choice, Choose, Locked, Looked, Returned
from advisor.text import change, counted, number


def chosen_words(choice: Choice, request: Choose, before: Mapping[str, Any]) -> str:
    """The choice, where it is another than to try the first proposal as it is and no note tells it;
    "" otherwise. `before`: the incumbent's fields."""
    proposals, values = request.proposals, choice.change
    match choice.action:
        case "own":
            return f"a change of your own: {change(before, values or {})}"
        case "refuse":
            return f"refused: {proposals[choice.index or 0].rule.title}"
        case "try" if values:
            title = proposals[choice.index or 0].rule.title
            return f"edited: {title}: {change(before, values)}"
        case "try" if choice.index:
            return f"chosen: {proposals[choice.index].rule.title}"
        case _:
            return ""


def looked_words(looked: Looked) -> str:
    """`looked at for 2 epochs: 0.81, where the best so far had 0.84`."""
    told = f"looked at for {counted(looked.epochs, 'epoch')}"
    if looked.value is None:
        return f"{told}: no finite result"
    if looked.incumbent is None:
        return f"{told}: {number(looked.value)}; the best so far has no value for then"
    return f"{told}: {number(looked.value)}, where the best so far had {number(looked.incumbent)}"


def returned_words(returned: Returned) -> str:
    """`back to trial 1, away from trial 4; reopens learning_rate`."""
    told = f"back to trial {returned.trial}, away from trial {returned.left}"
    reopens = ", ".join(returned.reopens)
    return f"{told}; reopens {reopens}" if reopens else told


def locked_words(locked: Locked) -> str:
    """`locked: optimizer.lr (locked now: model, optimizer.lr)`."""
    told = f"{'locked' if locked.on else 'unlocked'}: {', '.join(locked.fields)}"
    told += f" (locked now: {', '.join(locked.all) or 'nothing'})"
    reopens = ", ".join(locked.reopens)
    return f"{told}; reopens {reopens}" if reopens else told
