"""How to come to the same again: commands, seeds, versions, data and hardware."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor import recipe_file
from advisor.provenance import by_hand, commands
from advisor.report.gather.head import devices, versions
from advisor.report.model import Command, Repeat
from advisor.report.replay import Story
from advisor.state import State
from advisor.text import counted


def repeat(story: Story) -> Repeat:
    state, header = story.state, story.record.header
    best = state.incumbent
    trained = best is not None and best.value is not None
    return Repeat(
        _commands(story, trained),
        _facts(state, header),
        recipe_file.dump(state.kept) if trained else "",
    )


def _commands(story: Story, trained: bool) -> tuple[Command, ...]:
    """In the session's folder."""
    folders = tuple(map(str, story.record.header.get("rule_folders", ())))
    best, session = commands(story.state, story.record, folders)
    found = []
    if not story.state.finished:
        found.append(Command("advisor resume .", "goes on with this session"))
    elif trained:
        found.append(Command(best, "trains the best recipe again"))
    return (*found, Command(session, f"does the whole session again{_but(story)}"))


def _but(story: Story) -> str:
    """What is not the same when the session is done again."""
    count = by_hand(story.record)
    hand = f", without the {counted(count, 'choice')} made by hand" if count else ""
    if not story.record.header.get("experience"):
        return hand
    return f"{hand}, with what is known of the rules by then, which may lead elsewhere"


def _facts(state: State, header: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    data = header.get("data")
    fingerprint = data.get("fingerprint", "") if isinstance(data, Mapping) else ""
    found = {
        "advisor": str(header.get("advisor", "")),
        **versions(header),
        "hardware": ", ".join(devices(header)),
        "seeds of trainings": ", ".join(map(str, _seeds(state))),
        "seed of the split": str(state.start.data.split_seed),
        "fingerprint of the data": str(fingerprint),
        "fingerprint of the rules": str(header.get("rules", "")),
        "bit for bit on a GPU": "asked for" if header.get("deterministic") else "not asked for",
    }
    return tuple((name, value) for name, value in found.items() if value)


def _seeds(state: State) -> list[int]:
    return sorted({attempt.recipe.train.seed for attempt in state.attempts})
